SELECT pg_catalog.set_config(p.name, p.setting, false)
FROM (VALUES ('aws_lambda.connect_timeout_ms', '1000'), ('aws_lambda.request_timeout_ms', '3000'), ('aws_lambda.endpoint_override', '')) AS p (name, setting)
WHERE COALESCE(pg_catalog.current_setting(p.name, true), '') OPERATOR(pg_catalog.=) ''
