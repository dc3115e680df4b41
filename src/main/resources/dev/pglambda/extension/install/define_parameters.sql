-- The parameters that RDS defines; what a user has set goes first. aws_lambda.endpoint_override is never a setting of the
  -- database, which a dump would carry elsewhere: earlier versions have made it one.
  FOR parameter IN SELECT * FROM (VALUES ('aws_lambda.connect_timeout_ms', '1000'), ('aws_lambda.request_timeout_ms', '3000'), ('aws_lambda.endpoint_override', '')) AS v (name, setting) LOOP
    BEGIN
      IF parameter.setting = '' THEN
        IF EXISTS (SELECT FROM pg_db_role_setting AS g JOIN pg_database AS d ON d.oid = g.setdatabase WHERE d.datname = current_database() AND g.setrole = 0 AND parameter.name || '=' = ANY (g.setconfig)) THEN
          EXECUTE format('ALTER DATABASE %I RESET %s', current_database(), parameter.name);
        END IF;
      ELSIF coalesce(current_setting(parameter.name, true), parameter.setting) = parameter.setting
          AND NOT EXISTS (SELECT FROM pg_db_role_setting AS g JOIN pg_database AS d ON d.oid = g.setdatabase, unnest(g.setconfig) AS s (entry)
            WHERE d.datname = current_database() AND g.setrole = 0 AND starts_with(s.entry, parameter.name || '=')) THEN
        EXECUTE format('ALTER DATABASE %I SET %s = %L', current_database(), parameter.name, parameter.setting);
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
    IF current_setting(parameter.name, true) IS NULL THEN
      PERFORM set_config(parameter.name, parameter.setting, false);
    END IF;
  END LOOP;
