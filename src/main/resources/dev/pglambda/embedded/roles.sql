-- What belongs to the whole cluster. Run by the bootstrap superuser (oid 10) in single-user mode; running it again changes
-- nothing. {{adopt}}: postgres was superuser in the last run, or nothing is known of it.
DO $instance$
DECLARE
  bootstrap constant oid := 10;
  version constant int := current_setting('server_version_num')::int / 10000;
  -- Up to 15 CREATEROLE is enough to become a member of pg_execute_server_program (release notes of 16).
  attributes constant text := CASE WHEN {{superuser}} THEN 'SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS'
    ELSE 'NOSUPERUSER CREATEDB NOREPLICATION NOBYPASSRLS ' || CASE WHEN version < 16 THEN 'NOCREATEROLE' ELSE 'CREATEROLE' END END;
  former name := (SELECT rolname FROM pg_authid WHERE oid = bootstrap);
  master oid;
  each record;
  number int := 1;
BEGIN
  IF former NOT IN ('rdsadmin', 'postgres') THEN
    RAISE EXCEPTION 'the first superuser of this data directory is "%" (expected: postgres)', former;
  END IF;

  IF former = 'postgres' THEN
    -- A data directory of an earlier version. The bootstrap superuser cannot be anything less: it gets another name, and
    -- a new role gets all that was its own.
    IF EXISTS (SELECT FROM pg_authid WHERE rolname = 'rdsadmin') THEN
      WHILE EXISTS (SELECT FROM pg_authid WHERE rolname = 'rdsadmin_' || number) LOOP
        number := number + 1;
      END LOOP;
      EXECUTE format('ALTER ROLE rdsadmin RENAME TO %I', 'rdsadmin_' || number);
      RAISE NOTICE 'pg-lambda-proxy: Role rdsadmin is called rdsadmin_% now: the name is the server''s own', number;
    END IF;
    UPDATE pg_authid SET rolname = 'rdsadmin' WHERE oid = bootstrap;
    CREATE ROLE postgres LOGIN;
    SELECT oid INTO master FROM pg_authid WHERE rolname = 'postgres';
    -- The salt of an md5 password is the role's name, which stays.
    UPDATE pg_authid AS r SET rolpassword = b.rolpassword, rolvaliduntil = b.rolvaliduntil, rolconnlimit = b.rolconnlimit, rolcanlogin = b.rolcanlogin
      FROM pg_authid AS b WHERE b.oid = bootstrap AND r.oid = master;
    UPDATE pg_authid SET rolpassword = NULL, rolvaliduntil = NULL, rolconnlimit = -1, rolcanlogin = true WHERE oid = bootstrap;
    UPDATE pg_db_role_setting SET setrole = master WHERE setrole = bootstrap;
    UPDATE pg_shdescription SET objoid = master WHERE classoid = 'pg_authid'::regclass AND objoid = bootstrap;
    UPDATE pg_shseclabel SET objoid = master WHERE classoid = 'pg_authid'::regclass AND objoid = bootstrap;
    UPDATE pg_auth_members SET member = master WHERE member = bootstrap;
    UPDATE pg_auth_members SET roleid = master WHERE roleid = bootstrap;
    RAISE NOTICE 'pg-lambda-proxy: The user postgres is no superuser any more: what it owned is its own, as a master user''s on RDS';
  ELSIF NOT EXISTS (SELECT FROM pg_authid WHERE rolname = 'postgres') THEN
    CREATE ROLE postgres LOGIN VALID UNTIL 'infinity';
  END IF;
  SELECT oid INTO master FROM pg_authid WHERE rolname = 'postgres';
  EXECUTE 'ALTER ROLE postgres INHERIT ' || attributes;

  FOR each IN SELECT v.name FROM (VALUES ('rds_superuser'), ('rds_replication'), ('rds_password'), ('rds_iam')) AS v (name) LOOP
    IF NOT EXISTS (SELECT FROM pg_authid WHERE rolname = each.name) THEN
      EXECUTE format('CREATE ROLE %I', each.name);
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOREPLICATION', each.name);
  END LOOP;

  IF NOT {{superuser}} THEN
    -- Nobody is superuser but rdsadmin. REPLICATION lets a role copy all files, with all passwords and keys in them.
    FOR each IN SELECT rolname, rolsuper FROM pg_authid
        WHERE oid <> bootstrap AND (rolsuper OR rolreplication) AND rolname NOT LIKE 'pg\_%' LOOP
      EXECUTE format('ALTER ROLE %I NOREPLICATION', each.rolname);
      IF each.rolsuper THEN
        EXECUTE format('ALTER ROLE %I NOSUPERUSER CREATEDB %s', each.rolname, CASE WHEN version < 16 THEN 'NOCREATEROLE' ELSE 'CREATEROLE' END);
        EXECUTE format('GRANT rds_superuser TO %I', each.rolname);
        RAISE NOTICE 'pg-lambda-proxy: Role % is no superuser any more, but a member of rds_superuser', each.rolname;
      ELSE
        RAISE NOTICE 'pg-lambda-proxy: Role % has no REPLICATION any more: it would be able to read all files', each.rolname;
      END IF;
    END LOOP;
  END IF;

  FOR each IN SELECT r.rolname FROM pg_authid AS r WHERE r.rolname IN ('pg_monitor', 'pg_signal_backend', 'pg_checkpoint',
      'pg_use_reserved_connections', 'pg_create_subscription', 'rds_replication', 'rds_password')
      AND NOT EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_authid AS s ON s.oid = m.member WHERE m.roleid = r.oid AND s.rolname = 'rds_superuser' AND m.admin_option) LOOP
    EXECUTE format('GRANT %I TO rds_superuser WITH ADMIN OPTION', each.rolname);
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_authid AS s ON s.oid = m.roleid WHERE m.member = master AND s.rolname = 'rds_superuser' AND m.admin_option) THEN
    GRANT rds_superuser TO postgres WITH ADMIN OPTION;
  END IF;
  IF version >= 16 AND NOT EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_authid AS s ON s.oid = m.roleid WHERE m.member = master AND s.rolname = 'rds_iam') THEN
    -- To grant it on, without being a member: on RDS members log in with a token.
    EXECUTE 'GRANT rds_iam TO postgres WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
  END IF;
  IF version >= 15 THEN
    -- The default of rds.superuser_variables.
    EXECUTE 'GRANT SET ON PARAMETER session_replication_role TO rds_superuser';
  END IF;

  IF {{adopt}} AND version >= 16 THEN
    -- The roles that postgres has made as a superuser, as if it had made them with CREATEROLE.
    FOR each IN SELECT r.oid, r.rolname FROM pg_authid AS r
        WHERE r.oid >= 16384 AND r.oid <> master AND r.rolname NOT IN ('rds_superuser', 'rds_replication', 'rds_password', 'rds_iam')
        AND NOT pg_has_role(r.oid, master, 'MEMBER') LOOP
      IF NOT EXISTS (SELECT FROM pg_auth_members AS m WHERE m.roleid = each.oid AND m.member = master AND m.admin_option) THEN
        EXECUTE format('GRANT %I TO postgres WITH ADMIN TRUE', each.rolname)
          || CASE WHEN EXISTS (SELECT FROM pg_auth_members AS m WHERE m.roleid = each.oid AND m.member = master) THEN '' ELSE ', INHERIT FALSE, SET FALSE' END;
      END IF;
      -- Thus it can revoke what it has granted.
      EXECUTE 'WITH granted AS (UPDATE pg_auth_members SET grantor = $1 WHERE roleid = $2 AND grantor = $3 AND member <> $1 RETURNING oid)'
        || ' INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)'
        || ' SELECT 0, ''pg_auth_members''::regclass, oid, 0, ''pg_authid''::regclass, $1, ''a'' FROM granted'
        USING master, each.oid, bootstrap;
    END LOOP;
  END IF;

  FOR each IN SELECT datname FROM pg_database WHERE datdba = bootstrap AND datname <> 'template0' LOOP
    EXECUTE format('ALTER DATABASE %I OWNER TO postgres', each.datname);
  END LOOP;
  FOR each IN SELECT spcname FROM pg_tablespace WHERE spcowner = bootstrap AND oid >= 16384 LOOP
    EXECUTE format('ALTER TABLESPACE %I OWNER TO postgres', each.spcname);
  END LOOP;
  -- What others have granted to postgres. Names in an aclitem stand in quotes unless they are simple, so no other is meant.
  FOR each IN SELECT * FROM (VALUES ('pg_database', 'datacl', 'datdba'), ('pg_tablespace', 'spcacl', 'spcowner')) AS v (catalog, acl, owner) LOOP
    EXECUTE format('WITH changed AS (UPDATE %1$I SET %2$I = ARRAY(SELECT regexp_replace(regexp_replace(a::text, ''^rdsadmin='', ''postgres=''), ''/rdsadmin$'', ''/postgres'')::aclitem FROM unnest(%2$I) AS a)'
      ' WHERE %3$I <> 10 AND EXISTS (SELECT FROM aclexplode(%2$I) AS x WHERE 10 IN (x.grantee, x.grantor)) RETURNING oid, %3$I AS owner)'
      ' INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)'
      ' SELECT 0, %1$L::regclass, oid, 0, ''pg_authid''::regclass, $1, ''a'' FROM changed WHERE owner <> $1', each.catalog, each.acl, each.owner) USING master;
  END LOOP;
END
$instance$;
