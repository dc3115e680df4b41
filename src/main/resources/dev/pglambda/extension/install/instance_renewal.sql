DO $pglambda_renewal$
BEGIN
  IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_lambda') THEN
    EXECUTE {{update}};
{{instance_grants.sql}}
{{instance_keys.sql}}
  END IF;
END
$pglambda_renewal$
