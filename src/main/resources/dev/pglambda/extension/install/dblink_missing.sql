CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT NULL::pg_catalog.text[] $function$;

CREATE OR REPLACE FUNCTION pglambda.connect(host text, port text, tls boolean)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
AS $function$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = '42704',
    MESSAGE = 'required extension "dblink" is not installed',
    HINT = 'Have a superuser run CREATE EXTENSION dblink in a schema that the owner of aws_lambda may use, then run ALTER EXTENSION aws_lambda UPDATE through the proxy.';
END
$function$;

CREATE OR REPLACE FUNCTION pglambda.close_link(name text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT NULL::pg_catalog.text $function$;

CREATE OR REPLACE FUNCTION pglambda.ask(
  link text, request text,
  OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
  OUT log_result text, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$
  SELECT NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
    NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text
  WHERE false
$function$;
