-- In the order of PostgreSQL's AlterExtensionNamespace().
    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = {{schema}}) THEN
      RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = format('schema "%s" does not exist', {{schema}});
    ELSIF NOT has_schema_privilege({{schema}}, 'CREATE') THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied for schema %s', {{schema}});
    END IF;
