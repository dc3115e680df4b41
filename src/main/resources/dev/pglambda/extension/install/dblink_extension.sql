CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_get_connections() $function$;

CREATE OR REPLACE FUNCTION pglambda.connect(host text, port text, tls boolean)
RETURNS text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
AS $function$
  SELECT %1$I.dblink_connect('pglambda', concat(
    'application_name=', encode(sha256(s.opad || sha256(s.ipad || convert_to(concat('link ', clock_timestamp(), ' ', pg_backend_pid()), 'UTF8'))), 'hex'),
    ' user=pglambda dbname=pglambda_', s.installation, pglambda.link_encryption($3), ' gssencmode=disable connect_timeout=10',
    ' keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=10000',
    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN ' require_auth=scram-sha-256' END,
    ' client_encoding=', getdatabaseencoding(),
    ' host=', pglambda.connection_value($1), ' port=', pglambda.connection_value($2), ' password=', s.link_password))
  FROM pglambda.settings AS s
$function$;

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
