  -- The parameters that RDS defines; what a user has set goes first.
  FOR parameter IN SELECT * FROM (VALUES ('aws_lambda.connect_timeout_ms', '1000'), ('aws_lambda.request_timeout_ms', '3000'), ('aws_lambda.endpoint_override', '')) AS v (name, setting) LOOP
    IF current_setting(parameter.name, true) IS NULL THEN
      BEGIN
        EXECUTE format('ALTER DATABASE %I SET %s = %L', current_database(), parameter.name, parameter.setting);
      EXCEPTION WHEN insufficient_privilege THEN
        NULL;
      END;
      PERFORM set_config(parameter.name, parameter.setting, false);
    END IF;
  END LOOP;
