-- What belongs to one database. Run by the bootstrap superuser (oid 10) in single-user mode, when postgres was superuser
-- in the last run, or nothing is known of it; running it again changes nothing.
--
-- Objects of people are postgres's, members of extensions the server's: as if postgres had never been more than a master
-- user. Not REASSIGN OWNED, which refuses the bootstrap superuser, nor ALTER .. OWNER, which refuses some kinds to a role
-- that is not superuser: the catalogs, as ALTER .. OWNER changes them (owner, ACL, pg_shdepend).
DO $ownership$
DECLARE
  bootstrap constant oid := 10;
  first_normal constant oid := 16384;
  master constant oid := (SELECT oid FROM pg_authid WHERE rolname = 'postgres');
  database constant oid := (SELECT oid FROM pg_database WHERE datname = current_database());
  to_master constant text := 'ARRAY(SELECT regexp_replace(regexp_replace(a::text, ''^rdsadmin='', ''postgres=''), ''/rdsadmin$'', ''/postgres'')::aclitem FROM unnest(%s) AS a)';
  to_bootstrap constant text := 'ARRAY(SELECT regexp_replace(regexp_replace(a::text, ''^postgres='', ''rdsadmin=''), ''/postgres$'', ''/rdsadmin'')::aclitem FROM unnest(%s) AS a)';
  -- Members of extensions, with what hangs on them: indexes, TOAST tables, row types, array types.
  members constant text := 'WITH RECURSIVE member AS (SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.deptype = ''e'''
    ' UNION SELECT d.classid, d.objid FROM pg_depend AS d JOIN member AS m ON d.refclassid = m.classid AND d.refobjid = m.objid WHERE d.deptype IN (''a'', ''i''))';
  each record;
  acl_to_master text;
  acl_to_bootstrap text;
BEGIN
  -- dependent: what has no owner of its own in pg_shdepend (heap_create_with_catalog(), GenerateTypeDependencies()).
  FOR each IN SELECT * FROM (VALUES
      ('pg_namespace', 'oid', 'nspowner', 'nspacl', 'false', 'pg_namespace', 'o.nspname !~ ''^pg_(toast_)?temp_'''),
      ('pg_class', 'oid', 'relowner', 'relacl', 'o.relkind IN (''t'', ''i'', ''I'', ''c'')', 'pg_class', 'true'),
      ('pg_type', 'oid', 'typowner', 'typacl',
        'EXISTS (SELECT FROM pg_class AS c WHERE c.oid = o.typrelid AND c.relkind <> ''c'') OR EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = o.oid) OR o.typtype = ''m'' AND current_setting(''server_version_num'')::int >= 170000', 'pg_type', 'true'),
      -- Constructors of range types are always the bootstrap superuser's (makeRangeConstructors()).
      ('pg_proc', 'oid', 'proowner', 'proacl', 'false', 'pg_proc',
        'NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = ''pg_proc''::regclass AND d.objid = o.oid AND d.refclassid = ''pg_type''::regclass AND d.deptype = ''i'')'),
      ('pg_operator', 'oid', 'oprowner', NULL, 'false', 'pg_operator', 'true'),
      ('pg_opclass', 'oid', 'opcowner', NULL, 'false', 'pg_opclass', 'true'),
      ('pg_opfamily', 'oid', 'opfowner', NULL, 'false', 'pg_opfamily', 'true'),
      ('pg_collation', 'oid', 'collowner', NULL, 'false', 'pg_collation', 'true'),
      ('pg_conversion', 'oid', 'conowner', NULL, 'false', 'pg_conversion', 'true'),
      ('pg_ts_dict', 'oid', 'dictowner', NULL, 'false', 'pg_ts_dict', 'true'),
      ('pg_ts_config', 'oid', 'cfgowner', NULL, 'false', 'pg_ts_config', 'true'),
      ('pg_language', 'oid', 'lanowner', 'lanacl', 'false', 'pg_language', 'true'),
      ('pg_foreign_data_wrapper', 'oid', 'fdwowner', 'fdwacl', 'false', 'pg_foreign_data_wrapper', 'true'),
      ('pg_foreign_server', 'oid', 'srvowner', 'srvacl', 'false', 'pg_foreign_server', 'true'),
      ('pg_user_mapping', 'oid', 'umuser', NULL, 'false', 'pg_user_mapping', 'true'),
      ('pg_largeobject_metadata', 'oid', 'lomowner', 'lomacl', 'false', 'pg_largeobject', 'true'),
      ('pg_extension', 'oid', 'extowner', NULL, 'false', 'pg_extension', 'true'),
      ('pg_publication', 'oid', 'pubowner', NULL, 'false', 'pg_publication', 'true'),
      ('pg_statistic_ext', 'oid', 'stxowner', NULL, 'false', 'pg_statistic_ext', 'true'),
      ('pg_default_acl', 'oid', 'defaclrole', 'defaclacl', 'false', 'pg_default_acl', 'true')
      ) AS v (catalog, oid, owner, acl, dependent, class, condition) LOOP
    acl_to_master := CASE WHEN each.acl IS NULL THEN '' ELSE format(', %1$I = CASE WHEN o.%1$I IS NOT NULL THEN ', each.acl) || format(to_master, 'o.' || each.acl) || ' END' END;
    acl_to_bootstrap := CASE WHEN each.acl IS NULL THEN '' ELSE format(', %1$I = CASE WHEN o.%1$I IS NOT NULL THEN ', each.acl) || format(to_bootstrap, 'o.' || each.acl) || ' END' END;
    EXECUTE format(
      members || ', given AS (UPDATE pg_catalog.%1$I AS o SET %2$I = $1 %3$s WHERE %2$I = $2 AND (%4$s) AND (oid >= $3 OR %1$L = ''pg_largeobject_metadata'' OR %1$L = ''pg_namespace'' AND to_jsonb(o) ->> ''nspname'' = ''public'')'
      ' AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid = %5$L::regclass AND m.objid = o.oid) RETURNING o.oid, %6$s AS dependent)'
      ' INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)'
      ' SELECT $4, %5$L::regclass, oid, 0, ''pg_authid''::regclass, $1, ''o'' FROM given WHERE NOT dependent',
      each.catalog, each.owner, acl_to_master, each.condition, each.class, '(' || each.dependent || ')')
      USING master, bootstrap, first_normal, database;
    IF each.catalog NOT IN ('pg_extension', 'pg_user_mapping', 'pg_default_acl') THEN
      EXECUTE format(
        members || ', taken AS (UPDATE pg_catalog.%1$I AS o SET %2$I = $1 %3$s WHERE %2$I = $2'
        ' AND EXISTS (SELECT FROM member AS m WHERE m.classid = %4$L::regclass AND m.objid = o.oid) RETURNING o.oid)'
        ' DELETE FROM pg_catalog.pg_shdepend AS d USING taken AS t WHERE d.dbid = $3 AND d.classid = %4$L::regclass AND d.objid = t.oid AND d.refobjid = $2 AND d.deptype = ''o''',
        each.catalog, each.owner, acl_to_bootstrap, each.class)
        USING bootstrap, master, database;
    END IF;
    IF each.acl IS NOT NULL THEN
      -- What others have granted to the former superuser.
      EXECUTE format(
        members || ', changed AS (UPDATE pg_catalog.%1$I AS o SET %2$I = ' || format(to_master, 'o.%2$I') || ' WHERE %3$I <> $2 AND (oid >= $3 OR %1$L = ''pg_largeobject_metadata'')'
        ' AND EXISTS (SELECT FROM aclexplode(o.%2$I) AS x WHERE $2 IN (x.grantee, x.grantor))'
        ' AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid = %4$L::regclass AND m.objid = o.oid) RETURNING o.oid, %3$I AS owner)'
        ' INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)'
        ' SELECT $4, %4$L::regclass, oid, 0, ''pg_authid''::regclass, $1, ''a'' FROM changed WHERE owner <> $1',
        each.catalog, each.acl, each.owner, each.class)
        USING master, bootstrap, first_normal, database;
    END IF;
  END LOOP;

  EXECUTE members || ' UPDATE pg_init_privs AS i SET initprivs = ' || format(to_bootstrap, 'i.initprivs')
    || ' WHERE EXISTS (SELECT FROM member AS m WHERE m.classid = i.classoid AND m.objid = i.objoid)'
    ' AND EXISTS (SELECT FROM aclexplode(i.initprivs) AS x WHERE $1 IN (x.grantee, x.grantor))' USING master;
  EXECUTE members || ' DELETE FROM pg_shdepend AS d WHERE d.dbid = $1 AND d.refobjid = $2 AND d.deptype = ''i'''
    ' AND EXISTS (SELECT FROM member AS m WHERE m.classid = d.classid AND m.objid = d.objid)' USING database, master;

  -- Privileges on columns.
  FOR each IN SELECT a.attrelid, a.attnum, c.relowner FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
      WHERE c.oid >= first_normal AND c.relowner <> bootstrap AND EXISTS (SELECT FROM aclexplode(a.attacl) AS x WHERE bootstrap IN (x.grantee, x.grantor)) LOOP
    EXECUTE 'UPDATE pg_attribute AS o SET attacl = ' || format(to_master, 'o.attacl') || ' WHERE attrelid = $1 AND attnum = $2'
      USING each.attrelid, each.attnum;
    IF each.relowner <> master THEN
      INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
        VALUES (database, 'pg_class'::regclass, each.attrelid, each.attnum, 'pg_authid'::regclass, master, 'a');
    END IF;
  END LOOP;

  -- Policies for the former superuser.
  FOR each IN UPDATE pg_policy SET polroles = array_replace(polroles, bootstrap, master) WHERE bootstrap = ANY (polroles) RETURNING oid LOOP
    INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
      VALUES (database, 'pg_policy'::regclass, each.oid, 0, 'pg_authid'::regclass, master, 'r');
  END LOOP;

  -- A worker of a subscription runs as its owner.
  FOR each IN UPDATE pg_subscription SET subowner = master WHERE subowner = bootstrap AND subdbid = database RETURNING oid LOOP
    INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
      VALUES (0, 'pg_subscription'::regclass, each.oid, 0, 'pg_authid'::regclass, master, 'o');
  END LOOP;

  -- Only a superuser may own one.
  FOR each IN UPDATE pg_event_trigger SET evtowner = bootstrap WHERE evtowner = master RETURNING oid LOOP
    DELETE FROM pg_shdepend WHERE dbid = database AND classid = 'pg_event_trigger'::regclass AND objid = each.oid AND refobjid = master;
  END LOOP;
  IF NOT {{superuser}} THEN
    -- It would run postgres's functions in the scripts of extensions, which run as rdsadmin.
    FOR each IN SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D' LOOP
      EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', each.evtname);
      RAISE NOTICE 'pg-lambda-proxy: Event trigger % of database % is disabled: only superusers may have one', each.evtname, current_database();
    END LOOP;
  END IF;
END
$ownership$;
