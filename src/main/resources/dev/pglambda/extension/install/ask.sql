SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r
    WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
    AND {{may_have_keys.sql}})
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE s.nspname OPERATOR(pg_catalog.=) 'pglambda' AND c.relname OPERATOR(pg_catalog.=) 'settings'
    AND NOT {{foreign_table.sql}} AND ({{unsafe_table.sql}}))
  THEN 't' ELSE 'f' END AS may_have_keys,
(SELECT CASE WHEN pg_catalog.pg_has_role(c.relowner, 'USAGE') AND NOT {{foreign_table.sql}} AND NOT ({{unsafe_table.sql}})
    AND EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'installation' AND NOT a.attisdropped)
  THEN pg_catalog.substring(pg_catalog.query_to_xml('SELECT installation FROM pglambda.settings', false, false, '')::pg_catalog.text,
    '<installation>([0-9a-f]{32})</installation>') END
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE s.nspname OPERATOR(pg_catalog.=) 'pglambda' AND c.relname OPERATOR(pg_catalog.=) 'settings') AS installation
