  -- The version stays 1.0 whatever the proxy's is: bring the functions up to date.
  -- Not for another role: whoever owns the schemas could put the new functions to use with our privileges.
  IF EXISTS (SELECT FROM pg_namespace AS n JOIN pg_roles AS o ON o.oid = n.nspowner WHERE n.nspname = 'pglambda'
      AND (o.rolname = current_user OR (is_superuser AND o.rolsuper))
      AND n.nspowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda')) THEN
{{bindings}}
      PERFORM set_config('check_function_bodies', 'off', true);
      IF is_superuser THEN
        -- ALTER EXTENSION to the same version runs no commands that event triggers could see.
        PERFORM set_config('session_replication_role', 'replica', true);
      END IF;
      EXECUTE bindings;
      EXECUTE {{functions}};
      ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;
      REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pglambda FROM PUBLIC;
      IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_lambda') THEN
        FOR member IN
          SELECT format('FUNCTION %s', p.oid::regprocedure) AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
          WHERE n.nspname = 'pglambda' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
        LOOP
          EXECUTE format('ALTER EXTENSION aws_lambda ADD %s', member.name);
        END LOOP;
      END IF;
      IF is_superuser THEN
        PERFORM set_config('session_replication_role', client_replication, true);
      END IF;
      PERFORM set_config('check_function_bodies', client_checks, true);
  END IF;
