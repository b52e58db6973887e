"""What our extensions reach into MiniStack for: printed as JSON, so that a test sees when it changes."""

import inspect
import json

from ministack import app
from ministack.core import concurrency
from ministack.services import apigateway, apigateway_v1, cloudformation, cloudwatch_logs, ec2, ecr, lambda_svc, s3, ssm
from ministack.services.cloudformation import custom_resource, handlers, provisioners, stacks

FUNCTIONS = {
    lambda_svc: [
        "_execute_function_docker",
        "_create_function",
        "_update_code",
        "_get_function",
        "_publish_version",
        "_throttle_response",
        "_xray_trace_id_for_invocation",
        "execution_credentials",
        "error_response_json",
        "json_response",
    ],
    apigateway: [
        "_create_api",
        "_create_route",
        "_create_integration",
        "_create_authorizer",
        "_apigw_response",
        "find_api_scope",
    ],
    apigateway_v1: ["find_api_scope"],
    ecr: [
        "_repo_uri",
        "_registry_id",
        "_find_image",
        "_get_authorization_token",
        "_describe_images",
        "_ensure_repo_exists",
        "_query_first",
        "_registry_error",
        "_registry_ok",
        "_v2_start_blob_upload",
        "_v2_patch_blob_upload",
        "_v2_get_blob_upload",
        "_v2_complete_blob_upload",
        "_v2_cancel_blob_upload",
        "_v2_head_blob",
        "_v2_get_blob",
    ],
    ec2: [
        "_run_instances",
        "_start_instances",
        "_stop_instances",
        "_terminate_instances",
        "_reboot_instances",
        "_allocate_address",
        "_associate_address",
        "_disassociate_address",
        "_release_address",
        "_create_key_pair",
        "_import_key_pair",
        "_create_volume",
        "_attach_volume",
        "_docker_touched",
        "_vm_reconcile_running",
        "_instance_xml",
        "_parse_tag_specs",
        "_resolve_iam_instance_profile",
        "instance_is_managed",
        "exec_in_instance_blocking",
    ],
    s3: ["_key_history_meta", "_persisted_key_files", "bucket_region"],
    ssm: ["_put_parameter", "_delete_parameter"],
    concurrency: ["spawn_background"],
    provisioners: ["_apigw_v2_api_create", "_lambda_create", "_ec2_apply_tags", "_physical_name"],
    stacks: ["_resolve_stack_outputs", "_add_event", "_runs_on_worker_thread"],
    custom_resource: ["register_token", "deliver_response"],
    handlers: ["_stack_drift_information_xml"],
    cloudwatch_logs: ["_append_log_events"],
    app: ["app"],
}
found = {
    f"{module.__name__.removeprefix('ministack.')}.{name}": str(inspect.signature(getattr(module, name)))
    for module, names in FUNCTIONS.items()
    for name in names
}
for resource in ("AWS::ApiGatewayV2::Api", "AWS::Lambda::Function", "AWS::ECR::Repository"):
    found[resource] = sorted(provisioners._RESOURCE_HANDLERS[resource])
for module, name in (
    (apigateway, "_apis"),
    (apigateway, "_routes"),
    (apigateway, "_integrations"),
    (apigateway, "_authorizers"),
    (ecr, "_repositories"),
    (ecr, "_manifest_blobs"),
    (lambda_svc, "_functions"),
    (cloudwatch_logs, "_log_groups"),
    (cloudformation, "_stacks"),
    (custom_resource, "_pending"),
    (s3, "_buckets"),
):
    found[f"{module.__name__.removeprefix('ministack.')}.{name}"] = type(getattr(module, name)).__name__
print(json.dumps(found))
