-- Nothing is left in the database; what a user has set stays.
  IF was_installed AND NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname IN ('aws_lambda', 'pglambda')) THEN
    FOR parameter IN SELECT s.name FROM pg_db_role_setting AS g JOIN pg_database AS d ON d.oid = g.setdatabase,
        (VALUES ('aws_lambda.connect_timeout_ms', '1000'), ('aws_lambda.request_timeout_ms', '3000'), ('aws_lambda.endpoint_override', '')) AS s (name, setting)
        WHERE d.datname = current_database() AND g.setrole = 0 AND concat(s.name, '=', s.setting) = ANY (g.setconfig) LOOP
      BEGIN
        EXECUTE format('ALTER DATABASE %I RESET %s', current_database(), parameter.name);
      EXCEPTION WHEN insufficient_privilege THEN
        NULL;
      END;
    END LOOP;
  END IF;
