SELECT $1::pg_catalog.text AS installation, $2::pg_catalog.text AS link_password,
  pg_catalog.decode($3, 'hex') AS ipad, pg_catalog.decode($4, 'hex') AS opad,
  pg_catalog.decode($5, 'hex') AS callback_ipad, pg_catalog.decode($6, 'hex') AS callback_opad,
  COALESCE($7, pg_catalog.host(pg_catalog.inet_client_addr()), '127.0.0.1') AS host, $8::pg_catalog.int4 AS port, $9::pg_catalog.bool AS tls
FROM pg_catalog.pg_roles AS r
WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
AND {{may_have_keys.sql}}
