CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_get_connections() $function$;

CREATE OR REPLACE FUNCTION pglambda.open_link(name text, connection_string text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_connect($1, $2) $function$;

CREATE OR REPLACE FUNCTION pglambda.close_link(name text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_disconnect($1) $function$;

CREATE OR REPLACE FUNCTION pglambda.ask(
  link text, request text,
  OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
  OUT log_result text, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$
  SELECT * FROM %1$I.dblink($1, $2) AS a(
    outcome text, status_code text, payload text, executed_version text,
    log_result text, message text, detail text, hint text)
$function$;
