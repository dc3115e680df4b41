-- PostgreSQL runs this as the bootstrap superuser, for whoever has CREATE on the database (manual, "Extension Files",
-- trusted), with a schema of the caller's choice in the search_path: nothing may be looked up there.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
SELECT pg_catalog.set_config('debug_print_parse', 'off', true), pg_catalog.set_config('debug_print_rewritten', 'off', true), pg_catalog.set_config('debug_print_plan', 'off', true);
DO $block$
BEGIN
  IF NOT (SELECT {{is_trusted}} FROM pg_roles AS r WHERE r.oid = '@extowner@'::regrole::oid) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied to create extension "{{extension}}"', HINT = {{hint}};
  END IF;
  IF current_user <> 'rdsadmin' THEN
    -- A superuser runs its script itself. All is the server's own all the same.
    PERFORM set_config('role', 'rdsadmin', true);
  END IF;
END
$block$;
