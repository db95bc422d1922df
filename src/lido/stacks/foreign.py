"""Resources of other services, which Lido does not make: what Ref and Fn::GetAtt of them give all the same.

A value given with --parameter wins; else it is a name or an ARN in the form that the service would give, so that
Cognito's checks of form hold.
"""

from lido.stacks import TemplateError

_ARNS = {
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::Version": "arn:aws:lambda:{region}:{account}:function:{name}:1",
    "AWS::Lambda::Alias": "arn:aws:lambda:{region}:{account}:function:{name}:live",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{lower}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::KinesisFirehose::DeliveryStream": "arn:aws:firehose:{region}:{account}:deliverystream/{name}",
    "AWS::SES::EmailIdentity": "arn:aws:ses:{region}:{account}:identity/{lower}",
    "AWS::CertificateManager::Certificate": "arn:aws:acm:us-east-1:{account}:certificate/{name}",
    "AWS::Pinpoint::App": "arn:aws:mobiletargeting:{region}:{account}:apps/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
}
# Of these, Ref gives the ARN itself.
_REF_IS_ARN = {
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::CertificateManager::Certificate",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
}


def reference(type_: str, name: str, region: str, account: str) -> str:
    """What `Ref` gives of a resource of that type and logical id."""
    return _arn(type_, name, region, account) if type_ in _REF_IS_ARN else name


def attribute(type_: str, name: str, attribute_name: str, region: str, account: str) -> str:
    """What `Fn::GetAtt` gives of it. Raises TemplateError where no ARN is asked for."""
    if attribute_name.endswith("Arn"):
        return _arn(type_, name, region, account)
    raise TemplateError(
        f"{name}.{attribute_name} is of {type_}, which Lido does not make: give it with --parameter "
        f"{name}.{attribute_name}=VALUE."
    )


def _arn(type_: str, name: str, region: str, account: str) -> str:
    form = _ARNS.get(type_)
    if form is None:
        service = type_.split("::")[1].lower() if type_.count("::") > 1 else "custom"
        form = f"arn:aws:{service}:{{region}}:{{account}}:{{name}}"
    return form.format(region=region, account=account, name=name, lower=name.lower())
