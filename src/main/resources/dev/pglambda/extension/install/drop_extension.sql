-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- DROP EXTENSION, as the client sent it.
  statement constant pg_catalog.text := {{statement}};
  requested constant pg_catalog.text[] := {{extensions}};
  if_exists constant pg_catalog.bool := {{conditional}};
  is_cascade constant pg_catalog.bool := {{cascade}};
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  client_messages constant pg_catalog.text := pg_catalog.current_setting('client_min_messages');
  unlisted pg_catalog.text[];
  listed pg_catalog.text[] := '{}';
  extension pg_catalog.text;
  class_oids pg_catalog.oid[];
  object_oids pg_catalog.oid[];
  members pg_catalog.text[] := '{}';
  takes_lambda pg_catalog.bool := false;
  probes pg_catalog.text[] := '{}';
  probe pg_catalog.text;
  dependents pg_catalog.text;
  lines pg_catalog.text[] := '{}';
  lines_of_lambda pg_catalog.int4;
  was_installed pg_catalog.bool;
  parameter pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  was_installed := EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = 'pglambda');
  unlisted := ARRAY(SELECT u.name FROM {{unlisted.sql}} WHERE u.name = ANY (requested));
  IF cardinality(unlisted) = 0 OR current_setting('transaction_read_only')::boolean THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSE
    FOREACH extension IN ARRAY requested LOOP
      IF extension = ANY (unlisted) THEN
        IF NOT pg_has_role((SELECT n.nspowner FROM pg_namespace AS n WHERE n.nspname = extension), 'USAGE') THEN
          RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of extension %s', extension);
        END IF;
      ELSIF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = extension) THEN
        listed := listed || extension;
      ELSIF if_exists THEN
        RAISE NOTICE USING MESSAGE = format('extension "%s" does not exist, skipping', extension);
      ELSE
        RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('extension "%s" does not exist', extension);
      END IF;
    END LOOP;
    IF EXISTS (SELECT FROM {{unlisted.sql}} WHERE u.name = 'aws_lambda') THEN
      probes := ARRAY['{{mark}}DROP SCHEMA aws_lambda, pglambda'];
      takes_lambda := NOT 'aws_lambda' = ANY (unlisted);
    END IF;
    IF 'aws_commons' = ANY (unlisted) THEN
      probes := probes || coalesce(probes[1] || ', aws_commons', '{{mark}}DROP SCHEMA aws_commons');
    END IF;

    -- What else depends on them? PostgreSQL says so, in the words that the client's path asks for, when they are to be
    -- dropped without CASCADE: that fails, if only for their own members.
    SELECT array_agg(m.class_oid), array_agg(m.object_oid) INTO class_oids, object_oids FROM (
      SELECT 'pg_proc'::regclass::oid AS class_oid, p.oid AS object_oid FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pglambda' OR (n.nspname = 'aws_lambda' AND p.proname = 'invoke')
          OR (n.nspname = 'aws_commons' AND p.proname IN ('create_lambda_function_arn', 'create_s3_uri', 'create_aws_credentials'))
      UNION ALL
      SELECT 'pg_type'::regclass, t.oid FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
        WHERE n.nspname = 'aws_commons' AND t.typname IN ('_lambda_function_arn_1', '_s3_uri_1', '_aws_credentials_1')
      UNION ALL
      SELECT 'pg_class'::regclass, c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'pglambda' AND c.relname IN ('settings', 'invocations')) AS m;
    PERFORM set_config('search_path', client_path, true);
    FOR i IN 1 .. pg_catalog.cardinality(object_oids) LOOP
      members[i] := pg_catalog.pg_describe_object(class_oids[i], object_oids[i], 0);
    END LOOP;
    FOREACH probe IN ARRAY probes LOOP
      lines_of_lambda := pg_catalog.cardinality(lines);
      PERFORM pg_catalog.set_config('search_path', client_path, true);
      BEGIN
        EXECUTE probe;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        GET STACKED DIAGNOSTICS dependents = PG_EXCEPTION_DETAIL;
      END;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      lines := ARRAY(SELECT l.line FROM unnest(string_to_array(dependents, chr(10))) WITH ORDINALITY AS l (line, number)
        WHERE NOT EXISTS (SELECT FROM unnest(members) AS m (name) WHERE starts_with(l.line, m.name || ' ')) ORDER BY l.number);
    END LOOP;
    IF takes_lambda THEN
      -- What depends on aws_lambda comes last.
      lines := lines[: cardinality(lines) - lines_of_lambda] || 'extension aws_lambda depends on extension aws_commons'::text || lines[cardinality(lines) - lines_of_lambda + 1 :];
    END IF;

    IF cardinality(lines) > 0 AND NOT is_cascade THEN
      RAISE EXCEPTION USING
        ERRCODE = '2BP01',
        MESSAGE = CASE cardinality(unlisted || listed)
          WHEN 1 THEN format('cannot drop extension %s because other objects depend on it', unlisted[1])
          ELSE 'cannot drop desired object(s) because other objects depend on them' END,
        DETAIL = array_to_string(lines, chr(10)),
        HINT = 'Use DROP ... CASCADE to drop the dependent objects too.';
    END IF;
    lines := ARRAY(SELECT 'drop cascades to ' || substring(l.line FROM '^(.*?) depends on ') FROM unnest(lines) WITH ORDINALITY AS l (line, number) ORDER BY l.number);
    IF cardinality(lines) = 1 THEN
      RAISE NOTICE USING MESSAGE = lines[1];
    ELSIF cardinality(lines) > 1 THEN
      RAISE NOTICE USING MESSAGE = format('drop cascades to %s other objects', cardinality(lines)), DETAIL = array_to_string(lines, chr(10));
    END IF;
    IF client_messages NOT IN ('warning', 'error', 'fatal', 'panic') THEN
      PERFORM set_config('client_min_messages', 'warning', true);
    END IF;
    EXECUTE probe || ' CASCADE';
    PERFORM set_config('client_min_messages', client_messages, true);
    IF cardinality(listed) > 0 THEN
      EXECUTE (SELECT format('{{mark}}DROP EXTENSION %s', string_agg(quote_ident(e.name), ', ')) FROM unnest(listed) AS e (name)) || CASE WHEN is_cascade THEN ' CASCADE' ELSE '' END;
    END IF;
  END IF;
  {{reset_parameters.sql}}
  PERFORM set_config('search_path', client_path, true);
END
