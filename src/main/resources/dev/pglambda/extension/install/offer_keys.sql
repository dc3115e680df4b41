SELECT $1::pg_catalog.text AS link_password, pg_catalog.decode($2, 'hex') AS ipad, pg_catalog.decode($3, 'hex') AS opad,
  COALESCE($4, pg_catalog.host(pg_catalog.inet_client_addr()), '127.0.0.1') AS host, $5::pg_catalog.int4 AS port
FROM pg_catalog.pg_roles AS r
WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
AND (r.rolsuper
  OR pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['aws_lambda', 'pglambda']::pg_catalog.name[]) AND n.nspowner OPERATOR(pg_catalog.<>) r.oid))
