  -- As on RDS, where a member of rds_superuser grants on what the guide says.
  GRANT USAGE ON SCHEMA aws_lambda TO rds_superuser WITH GRANT OPTION;
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO rds_superuser WITH GRANT OPTION;
  -- What was called is for the role that has installed the extension, although all of it belongs to another here.
  EXECUTE (SELECT pg_catalog.format('GRANT USAGE ON SCHEMA pglambda TO rds_superuser, %1$s; GRANT SELECT ON pglambda.invocations TO rds_superuser, %1$s;'
    ' GRANT EXECUTE ON FUNCTION pglambda.recorded_invocations() TO rds_superuser, %1$s', e.extowner::pg_catalog.regrole)
    FROM pg_catalog.pg_extension AS e WHERE e.extname OPERATOR(pg_catalog.=) 'aws_lambda');
