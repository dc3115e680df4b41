## What the catalogs show after a script

# OIDs are written as names, so that two databases can be compared.

# psql's \dx

SELECT e.extname AS "Name", e.extversion AS "Version", n.nspname AS "Schema", c.description AS "Description"
FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_catalog.pg_description c ON c.objoid = e.oid AND c.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass
WHERE n.nspname !~ '^pg_temp' OR n.oid IS NULL
ORDER BY 1

# psql's \dx+

SELECT e.extname, pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS "Object description"
FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname LIKE 'aws%'
ORDER BY 1, 2

# psql's \dn+ and \ddp

SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner", n.nspacl, pg_catalog.obj_description(n.oid, 'pg_namespace') AS "Description"
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_'
ORDER BY 1

# psql's \df+ of all three schemas

SELECT n.nspname AS "Schema", p.proname AS "Name", pg_catalog.pg_get_function_result(p.oid) AS "Result data type", pg_catalog.pg_get_function_arguments(p.oid) AS "Argument data types",
  p.prokind, p.provolatile, p.proparallel, pg_catalog.pg_get_userbyid(p.proowner) AS "Owner", p.prosecdef, p.proleakproof, p.proisstrict, p.procost, p.prorows, p.proconfig, p.proacl,
  l.lanname AS "Language", p.probin, pg_catalog.md5(p.prosrc) AS "Internal name", pg_catalog.obj_description(p.oid, 'pg_proc') AS "Description"
FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname IN ('aws_commons', 'aws_lambda', 'pglambda')
ORDER BY 1, 2, 4

# psql's \dT+ and \d

SELECT n.nspname AS "Schema", pg_catalog.format_type(t.oid, NULL) AS "Name", t.typname, t.typlen, t.typtype, t.typcategory, t.typinput, pg_catalog.pg_get_userbyid(t.typowner) AS "Owner", t.typacl,
  pg_catalog.obj_description(t.oid, 'pg_type') AS "Description",
  (SELECT pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid) AS attributes
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname IN ('aws_commons', 'aws_lambda', 'pglambda')
ORDER BY 1, 2

# Relations

SELECT n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relacl, c.relpersistence, c.relrowsecurity
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('aws_commons', 'aws_lambda', 'pglambda')
ORDER BY 1, 2

# pg_extension

SELECT extname, pg_catalog.pg_get_userbyid(extowner) AS owner, extnamespace::pg_catalog.regnamespace::text, extrelocatable, extversion, extconfig, extcondition
FROM pg_catalog.pg_extension WHERE extnamespace::pg_catalog.regnamespace::text !~ '^pg_temp' ORDER BY 1

# pg_depend

SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object, pg_catalog.regexp_replace(pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), 'pg_temp_[0-9]+', 'pg_temp') AS needs, d.deptype
FROM pg_catalog.pg_depend AS d
WHERE d.objid >= 16384
  AND (pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' ' || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)) ~ 'aws_|pglambda'
  AND pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) !~ 'toast'
ORDER BY object COLLATE "C", needs COLLATE "C", d.deptype

# pg_shdepend

SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object, pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) AS needs, d.deptype
FROM pg_catalog.pg_shdepend AS d
WHERE d.dbid = (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = pg_catalog.current_database())
ORDER BY object COLLATE "C", needs COLLATE "C", d.deptype

# pg_init_privs

SELECT pg_catalog.pg_describe_object(p.classoid, p.objoid, p.objsubid) AS object, p.privtype, p.initprivs
FROM pg_catalog.pg_init_privs AS p WHERE p.objoid >= 16384
ORDER BY object COLLATE "C"

# Comments

SELECT pg_catalog.pg_describe_object(d.classoid, d.objoid, d.objsubid) AS object, d.description
FROM pg_catalog.pg_description AS d WHERE d.objoid >= 16384
ORDER BY object COLLATE "C"
