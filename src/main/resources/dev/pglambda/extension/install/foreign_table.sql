(c.relowner OPERATOR(pg_catalog.<>) (SELECT m.oid FROM pg_catalog.pg_roles AS m WHERE m.rolname OPERATOR(pg_catalog.=) CURRENT_USER)
  AND NOT (SELECT m.rolsuper FROM pg_catalog.pg_roles AS m WHERE m.oid OPERATOR(pg_catalog.=) c.relowner))
