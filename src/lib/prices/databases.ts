/**
 * RDS in one zone, on demand, in USD an hour.
 *
 * From a copy of AWS's price list of 2021-08-03 (vantage-sh/ec2instances.info, www/rds/instances.json of that day):
 * prices of these classes have not been raised since; MariaDB costs what MySQL does. Compared on 2026-11-21 with
 * listings that quote the Pricing API, where there are some (db.t3.micro in eu-west-3, db.t3.medium in us-east-1).
 */
export const DATABASES_FROM = { source: "a public copy of AWS's price list", asOf: '2021-08-03' } as const;

/** The classes of the columns. The larger sizes of a family are multiples of its `large`. */
export const DATABASE_CLASSES = [
  'db.t3.micro',
  'db.t3.small',
  'db.t3.medium',
  'db.t3.large',
  'db.m5.large',
  'db.m6g.large',
  'db.r5.large',
  'db.r6g.large',
] as const;

type Row = readonly (number | undefined)[];

export const POSTGRES: Readonly<Record<string, Row>> = {
  'us-east-1': [0.018, 0.036, 0.072, 0.145, 0.178, 0.159, 0.25, 0.225],
  'us-east-2': [0.018, 0.036, 0.072, 0.145, 0.178, 0.159, 0.25, 0.225],
  'us-west-1': [0.024, 0.048, 0.095, 0.19, 0.203, 0.181, 0.28, 0.252],
  'us-west-2': [0.018, 0.036, 0.072, 0.145, 0.178, 0.159, 0.25, 0.225],
  'ca-central-1': [0.02, 0.04, 0.08, 0.16, 0.196, 0.175, 0.2703, 0.243],
  'sa-east-1': [0.038, 0.076, 0.151, 0.302, 0.233, 0.208, 0.524, 0.468],
  'eu-west-1': [0.02, 0.039, 0.078, 0.156, 0.197, 0.176, 0.28, 0.252],
  'eu-west-2': [0.021, 0.041, 0.082, 0.164, 0.206, 0.184, 0.294, 0.264],
  'eu-west-3': [0.021, 0.041, 0.082, 0.164, 0.206, undefined, 0.294, undefined],
  'eu-central-1': [0.021, 0.042, 0.084, 0.168, 0.212, 0.189, 0.305, 0.274],
  'eu-north-1': [0.019, 0.037, 0.074, 0.148, 0.187, 0.167, 0.257, 0.231],
  'eu-south-1': [0.021, 0.041, 0.082, 0.164, 0.207, undefined, 0.294, undefined],
  'ap-south-1': [0.026, 0.053, 0.106, 0.212, 0.253, 0.226, 0.285, 0.256],
  'ap-southeast-1': [0.028, 0.056, 0.112, 0.224, 0.247, 0.221, 0.3, 0.27],
  'ap-southeast-2': [0.028, 0.056, 0.112, 0.224, 0.247, 0.221, 0.3, 0.27],
  'ap-northeast-1': [0.028, 0.056, 0.112, 0.224, 0.247, 0.221, 0.3, 0.27],
  'ap-northeast-2': [0.028, 0.056, 0.112, 0.224, 0.247, 0.221, 0.3, 0.27],
};

export const MYSQL: Readonly<Record<string, Row>> = {
  'us-east-1': [0.017, 0.034, 0.068, 0.136, 0.171, 0.152, 0.24, 0.215],
  'us-east-2': [0.017, 0.034, 0.068, 0.136, 0.171, 0.152, 0.24, 0.215],
  'us-west-1': [0.022, 0.044, 0.088, 0.176, 0.195, 0.173, 0.265, 0.237],
  'us-west-2': [0.017, 0.034, 0.068, 0.136, 0.171, 0.152, 0.24, 0.215],
  'ca-central-1': [0.019, 0.037, 0.074, 0.148, 0.189, 0.168, 0.26, 0.233],
  'sa-east-1': [0.035, 0.07, 0.14, 0.28, 0.231, 0.205, 0.5, 0.444],
  'eu-west-1': [0.018, 0.036, 0.072, 0.144, 0.189, 0.168, 0.265, 0.237],
  'eu-west-2': [0.019, 0.038, 0.076, 0.152, 0.198, 0.176, 0.28, 0.251],
  'eu-west-3': [0.019, 0.038, 0.076, 0.152, 0.198, undefined, 0.28, undefined],
  'eu-central-1': [0.02, 0.04, 0.08, 0.16, 0.203, 0.18, 0.29, 0.26],
  'eu-north-1': [0.017, 0.034, 0.068, 0.137, 0.18, 0.16, 0.245, 0.219],
  'eu-south-1': [0.019, 0.038, 0.076, 0.151, 0.198, undefined, 0.278, undefined],
  'ap-south-1': [0.025, 0.049, 0.098, 0.196, 0.241, 0.214, 0.27, 0.242],
  'ap-southeast-1': [0.026, 0.052, 0.104, 0.208, 0.235, 0.209, 0.285, 0.255],
  'ap-southeast-2': [0.026, 0.052, 0.104, 0.208, 0.235, 0.209, 0.285, 0.255],
  'ap-northeast-1': [0.026, 0.052, 0.104, 0.208, 0.235, 0.209, 0.285, 0.255],
  'ap-northeast-2': [0.026, 0.052, 0.104, 0.208, 0.236, 0.21, 0.285, 0.255],
};

/** Both engines; compared with listings that quote `InstanceUsage:db.t4g.micro`, of 2026-01. */
export const T4G_FROM = { source: "listings that quote AWS's price list", asOf: '2026-01' } as const;
export const T4G: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': { 'db.t4g.micro': 0.016, 'db.t4g.small': 0.032, 'db.t4g.medium': 0.065 },
};
