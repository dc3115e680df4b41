## Everything that a script can leave

DO $$
DECLARE
  trigger name;
BEGIN
  FOREACH trigger IN ARRAY ARRAY(SELECT e.evtname FROM pg_event_trigger AS e) LOOP
    EXECUTE format('DROP EVENT TRIGGER %I', trigger);
  END LOOP;
END
$$

DROP EXTENSION IF EXISTS aws_lambda, aws_commons, hstore CASCADE

DO $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY(SELECT format('DROP SCHEMA %I CASCADE', n.nspname) FROM pg_namespace AS n WHERE n.oid >= 16384 AND n.nspname !~ '^(pg_|public)')
      || ARRAY(SELECT format('DROP %s IF EXISTS %s CASCADE', o.type, o.identity) FROM pg_depend AS d, pg_identify_object(d.classid, d.objid, d.objsubid) AS o WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'public'::regnamespace) LOOP
    EXECUTE command;
  END LOOP;
END
$$
