DO $block$
BEGIN
{{instance_grants.sql}}
  IF NOT pg_has_role('@extowner@'::regrole::oid, 'rds_superuser', 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA aws_lambda TO %s WITH GRANT OPTION', '@extowner@'::regrole);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO %s WITH GRANT OPTION', '@extowner@'::regrole);
  END IF;
{{instance_keys.sql}}
END
$block$;
