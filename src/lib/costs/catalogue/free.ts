/** Types that AWS charges nothing for: what they let pass, run or keep is counted where it costs. */
const FREE: readonly RegExp[] = [
  /^AWS::IAM::/,
  /^AWS::CloudFormation::(?!Stack$)/,
  /^Custom::/,
  /^AWS::EC2::(?:VPC|Subnet|InternetGateway|EgressOnlyInternetGateway|VPCGatewayAttachment|RouteTable|Route|SubnetRouteTableAssociation|SecurityGroup|SecurityGroupIngress|SecurityGroupEgress|NetworkAcl|NetworkAclEntry|SubnetNetworkAclAssociation|KeyPair|EIPAssociation|LaunchTemplate|PlacementGroup|DHCPOptions|VPCDHCPOptionsAssociation|NetworkInterface|NetworkInterfaceAttachment|VolumeAttachment|VPCCidrBlock|SubnetCidrBlock|FlowLog|PrefixList|VPCPeeringConnection)$/,
  /^AWS::Lambda::(?:Alias|Version|Permission|EventInvokeConfig|EventSourceMapping|LayerVersion|LayerVersionPermission|Url|CodeSigningConfig)$/,
  /^AWS::Serverless::LayerVersion$/,
  /^AWS::ApiGateway::(?!RestApi$|DomainName$)/,
  /^AWS::ApiGatewayV2::(?!Api$)/,
  /^AWS::ApiGateway::DomainName$/,
  /^AWS::CloudFront::(?!Distribution$|KeyValueStore$|AnycastIpList$|RealtimeLogConfig$)/,
  /^AWS::S3::(?:BucketPolicy|AccessPoint)$/,
  /^AWS::SQS::QueuePolicy$/,
  /^AWS::SNS::TopicPolicy$/,
  /^AWS::KMS::Alias$/,
  /^AWS::Logs::(?:LogStream|MetricFilter|SubscriptionFilter|ResourcePolicy|QueryDefinition)$/,
  /^AWS::Events::(?:Rule|EventBusPolicy)$/,
  /^AWS::Scheduler::ScheduleGroup$/,
  /^AWS::ElasticLoadBalancingV2::(?:Listener|ListenerRule|ListenerCertificate|TargetGroup)$/,
  /^AWS::AutoScaling::(?:ScalingPolicy|LifecycleHook|ScheduledAction|LaunchConfiguration)$/,
  /^AWS::ApplicationAutoScaling::/,
  /^AWS::ECS::(?:Cluster|TaskDefinition|CapacityProvider|ClusterCapacityProviderAssociations)$/,
  /^AWS::RDS::(?:DBSubnetGroup|DBParameterGroup|DBClusterParameterGroup|OptionGroup|EventSubscription)$/,
  /^AWS::ElastiCache::(?:SubnetGroup|ParameterGroup)$/,
  /^AWS::EFS::(?:MountTarget|AccessPoint)$/,
  /^AWS::Route53::(?:RecordSet|RecordSetGroup)$/,
  /^AWS::CertificateManager::Certificate$/,
  /^AWS::SecretsManager::(?:ResourcePolicy|SecretTargetAttachment|RotationSchedule)$/,
  /^AWS::SSM::(?:Parameter|Document|Association|MaintenanceWindow|PatchBaseline)$/,
  /^AWS::Cognito::(?!UserPool$)/,
  /^AWS::WAFv2::(?:IPSet|WebACLAssociation|LoggingConfiguration|RegexPatternSet)$/,
  /^AWS::Budgets::/,
  /^AWS::ResourceGroups::/,
];

export function isFree(type: string): boolean {
  return FREE.some((pattern) => pattern.test(type));
}

/** Why a type is in no sum although it is known. */
export const KNOWN_UNCOUNTED: Readonly<Record<string, string>> = {
  'AWS::CloudFormation::Stack': 'what is inside of it is not looked into here',
  'AWS::Serverless::Application': 'what is inside of it is not looked into here',
  'AWS::Cognito::UserPool': 'its price goes by its users a month; the first 10,000 are free',
  'AWS::DLM::LifecyclePolicy': 'its snapshots: infractl backup costs counts them',
  'AWS::Backup::BackupPlan': 'its backups cost by what they hold',
  'AWS::CloudTrail::Trail': 'the first trail is free, further ones cost by their events',
};
