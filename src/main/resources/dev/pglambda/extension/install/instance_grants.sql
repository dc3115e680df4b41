  -- As on RDS, where a member of rds_superuser grants on what the guide says.
  GRANT USAGE ON SCHEMA aws_lambda TO rds_superuser WITH GRANT OPTION;
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO rds_superuser WITH GRANT OPTION;
