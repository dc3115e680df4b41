{{is_trusted}}
AND (r.rolsuper
  OR pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['aws_lambda', 'pglambda']::pg_catalog.name[]) AND n.nspowner OPERATOR(pg_catalog.<>) r.oid))
AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
  LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) 'settings'
  LEFT JOIN pg_catalog.pg_proc AS p ON p.pronamespace OPERATOR(pg_catalog.=) n.oid
  JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) ANY (ARRAY[n.nspowner, c.relowner, p.proowner])
  WHERE n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['aws_lambda', 'pglambda']::pg_catalog.name[]) AND NOT {{owner_is_trusted}})
