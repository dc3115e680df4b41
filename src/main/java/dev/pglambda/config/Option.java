package dev.pglambda.config;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Every option: its default, what values it takes and what it means. {@code --help} prints this
 * table, and {@code docs/configuration.md} repeats it (a test compares them).
 */
enum Option {
  LISTEN(
      "addresses",
      "127.0.0.1:5433",
      "host:port, :port or [IPv6]:port, with a port from 0 to 65535, and perhaps unix:/directory"
          + " behind a comma",
      "Where clients connect and PostgreSQL calls back. An empty host means all addresses."
          + " unix:/directory[:port], alone or behind a comma, is a Unix-domain socket besides."),
  PROXY_PROTOCOL_FROM(
      "networks",
      null,
      "IP addresses, networks (10.0.0.0/8) and unix, with commas between them",
      "Load balancers, by address, by network, or unix for the Unix-domain socket. Sessions from"
          + " there begin with a header of the PROXY protocol, version 2, that tells the client's"
          + " address. Default: none."),
  BACKEND(
      "host:port",
      null,
      "host:port or [IPv6]:port, with a port from 1 to 65535, or unix:/directory[:port]",
      "The PostgreSQL server, or unix:/directory[:port] for its Unix-domain socket. Without it an"
          + " embedded one is started."),
  BACKEND_SSLMODE(
      "mode",
      "prefer",
      "disable, prefer, require, verify-ca or verify-full",
      "TLS towards the server of --backend, with libpq's meanings: disable, prefer, require,"
          + " verify-ca or verify-full. Only the last two prove which server it is."),
  BACKEND_SSLROOTCERT(
      "file|system",
      null,
      "a file of certificates in PEM, or system",
      "Root certificates that sign the server's. With it, require means verify-ca, and verify-full"
          + " is the default. system: the JVM's, with verify-full only."),
  BACKEND_SSLCERT(
      "file",
      null,
      Option.EXPECTED_FILE,
      "Certificate that the server sees, for pg_hba.conf's clientcert and cert, and the intermediate"
          + " ones behind it, in PEM."),
  BACKEND_SSLKEY(
      "file",
      null,
      Option.EXPECTED_FILE,
      "Its private key, in PEM. Default: the file of --backend-sslcert."),
  BACKEND_SSLKEY_PASSWORD_FILE(
      "file",
      null,
      Option.EXPECTED_FILE,
      "File with that key's password. Newlines at its end are ignored."),
  BACKEND_SSLNEGOTIATION(
      "postgres|direct",
      "postgres",
      "postgres or direct",
      "postgres: the server is asked for TLS first. direct: TLS begins at once, for PostgreSQL 17"
          + " and newer, with require or stronger."),
  LOGIN(
      "auto|passthrough|ask",
      "auto",
      "auto, passthrough or ask",
      "Who logs in to the server. passthrough: the client. ask: the proxy, where the server wants"
          + " SCRAM, by the password that a TLS client gives it. auto: the proxy only where the client"
          + " cannot, as both connections have TLS."),
  DATA_DIR(
      "directory",
      "pg-lambda-data",
      "a directory, or a path where one can be made",
      "Keeps the embedded server's data and the generated callback secret."),
  INSPECT_LIMIT(
      "size",
      "1MB",
      "a whole number with B, kB, MB or GB, from 1kB to 1GB",
      "Longest Query or Parse message that is inspected. A longer one passes unchanged."),
  STARTUP_TIMEOUT(
      "time",
      "60s",
      Option.EXPECTED_TIME,
      "Longest time from a client's connection to the end of its authentication."),
  CONNECT_TIMEOUT(
      "time",
      "10s",
      Option.EXPECTED_TIME,
      "Longest wait for a connection to the PostgreSQL server, and for its answer to a cancel"
          + " request."),
  MAX_CLIENTS(
      "count",
      "1000",
      "a whole number from 1 to 1000000",
      "Maximum number of clients. Another one is refused with SQLSTATE 53300."),
  MAX_CLIENTS_PER_ADDRESS(
      "count",
      "0",
      "a whole number from 0 to 1000000",
      "Maximum number of clients from one IP address, and of those at the Unix-domain socket. 0: no"
          + " limit."),
  MAX_UNAUTHENTICATED_CLIENTS(
      "count",
      "100",
      "a whole number from 1 to 1000000",
      "Maximum number of clients that PostgreSQL has not authenticated yet. They do not"
          + " count for --max-clients. When it is exceeded, the oldest ones are closed."),
  MAX_PENDING_CLIENTS(
      "count",
      "1000",
      "a whole number from 1 to 1000000",
      "Maximum number of connections that have not sent their startup packet. When it is"
          + " exceeded, the oldest one is closed."),
  MAX_CANCEL_REQUESTS(
      "count",
      "100",
      "a whole number from 1 to 1000000",
      "Maximum number of cancel requests, and of startup packets of other protocol"
          + " versions, in progress at the PostgreSQL server. Another one is dropped."),
  MAX_CALLBACK_LINKS(
      "count",
      "1000",
      "a whole number from 1 to 1000000",
      "Maximum number of connections on which PostgreSQL calls the proxy, one for each"
          + " session that calls. Another one is refused with SQLSTATE 53300."),
  MAX_MEMORY(
      "size",
      null,
      "a whole number with kB, MB or GB, from 1MB to 1024GB",
      "Maximum memory for messages, calls and replies that the proxy holds, for all"
          + " sessions together. Default: half of the JVM's heap."),
  MAX_MEMORY_PER_SESSION(
      "size",
      "64MB",
      "a whole number with kB, MB or GB, from 1MB to 1024GB",
      "The same for each session. A call with a payload of 6 MB takes up to 54 MB."),
  TCP_KEEPALIVES_IDLE(
      "time",
      "0s",
      Option.EXPECTED_KEEPALIVE,
      "Time without traffic after which TCP probes a client's or the PostgreSQL server's"
          + " connection. 0s: the operating system's setting."),
  TCP_KEEPALIVES_INTERVAL(
      "time",
      "0s",
      Option.EXPECTED_KEEPALIVE,
      "Time between two probes. 0s: the operating system's setting."),
  TCP_KEEPALIVES_COUNT(
      "count",
      "0",
      "a whole number from 0 to 127",
      "Number of probes without an answer after which the connection is closed. 0: the"
          + " operating system's setting."),
  SHUTDOWN_GRACE(
      "time",
      "5s",
      "a whole number with ms, s, min or h, from 0s to 24h",
      "Longest time for statements and transactions to end when the proxy is stopped."),

  TLS_MODE(
      "disable|allow|require",
      null,
      "disable, allow or require",
      "Whether clients may, or must, use TLS. Default: allow if there is a certificate, else"
          + " disable."),
  TLS_CERT(
      "file",
      null,
      Option.EXPECTED_FILE,
      "Certificate that clients see, and the intermediate ones behind it, in PEM. The files are read"
          + " again when they change."),
  TLS_KEY(
      "file",
      null,
      Option.EXPECTED_FILE,
      "Its private key, in PEM. Default: the file of --tls-cert."),
  TLS_KEY_PASSWORD_FILE(
      "file",
      null,
      Option.EXPECTED_FILE,
      "File with the private key's password. Newlines at its end are ignored."),
  TLS_MIN_VERSION("1.2|1.3", "1.2", "1.2 or 1.3", "Lowest version of TLS that clients may use."),
  TLS_CLIENT_CA(
      "file",
      null,
      Option.EXPECTED_FILE,
      "Certificates, in PEM, of those who sign clients' certificates. Default: clients are not asked"
          + " for any."),
  TLS_CLIENT_CERT(
      "optional|required|verify-full",
      "required",
      "optional, required or verify-full",
      "With --tls-client-ca, whether a TLS client must show a certificate. A wrong one is always"
          + " refused. verify-full: its common name must be the user's, with --tls-mode require."),
  TLS_SELF_SIGNED(
      "on|off",
      null,
      Option.EXPECTED_SWITCH,
      "Whether a self-signed certificate is made, and kept in --data-dir, if none is given. Default:"
          + " on for the embedded server, else off."),

  IAM_AUTH(
      "on|unverified|off",
      "off",
      "on, unverified or off",
      "Whether the users of --iam-users log in by authentication tokens, as on RDS. on: the proxy"
          + " must have the AWS credentials that a token was signed with. unverified, for development:"
          + " it need not."),
  IAM_USERS(
      "names",
      null,
      "names of users, in ASCII, with commas between them, or *",
      "Users who log in by a token, and over TLS only. *: every user."),
  IAM_HOST(
      "hosts",
      null,
      "host, host:port or [IPv6]:port, with a port from 1 to 65535, with commas between several",
      "Hosts, with or without a port, for one of which a token must be made. Default: any."),
  IAM_PASSWORD(
      "text",
      null,
      "1 to 1000 characters without control characters",
      "Password by which the proxy logs in to the server for these users. Default: none, for a"
          + " server that trusts the proxy. Command lines are public: use the variable or a file."),
  IAM_PASSWORD_FILE(
      "file",
      null,
      "a readable file of 1 to 1000 characters in UTF-8",
      "File with that password. Newlines at its end are ignored."),

  EMBEDDED_PASSWORD(
      "text",
      null,
      Option.EXPECTED_PASSWORD,
      "Password of its user postgres. Default: none if --listen is a loopback address, else"
          + " one is generated and printed. Command lines are public: use the variable."),
  EMBEDDED_SUPERUSER(
      "on|off",
      "off",
      Option.EXPECTED_SWITCH,
      "Whether its user postgres is a superuser. off: it may do what the master user of RDS may."),

  LAMBDA_ENDPOINT(
      "URL",
      null,
      "http://host[:port] or https://host[:port], without user, query and fragment",
      "An endpoint other than AWS that speaks the Lambda API. Default: the AWS SDK's"
          + " settings, AWS_ENDPOINT_URL_LAMBDA first."),
  REGION(
      "name",
      null,
      "the name of an AWS region, for example us-east-1",
      "Region of calls that name none. Default: the AWS SDK's settings, then us-east-1."),
  ROLE_ARN(
      "ARN",
      null,
      "arn:aws:iam::<12 digits>:role/<name>",
      "IAM role to assume for calling Lambda."),
  LAMBDA_RETRIES(
      "count",
      "0",
      "a whole number from 0 to 10",
      "Number of retries of a failed request. With 0 one call in SQL is at most one request."),
  MAX_CONCURRENT_INVOCATIONS(
      "count",
      "10000",
      "a whole number from 1 to 1000000",
      "Maximum number of concurrent requests to Lambda."),
  SAMPLE_FUNCTIONS(
      "auto|on|off",
      "auto",
      "auto, on or off",
      "Whether sample functions inside the proxy answer. auto: only if no endpoint, no AWS"
          + " credentials and no --functions are configured."),
  FUNCTIONS(
      "value",
      null,
      "a directory, a file, or name=URL,name=URL",
      "Functions of your own: a directory of them, a YAML file of routes, a SAM template, a CDK"
          + " output directory, a serverless.yml, or name=http://host:port,.. Read again when it"
          + " changes. Other functions are called as without it."),
  POLICY(
      "files",
      null,
      "files or directories, with commas between them",
      "IAM policies in JSON that say which functions may be called, with AWS's words where one may"
          + " not. Default: every call is allowed here."),

  CALLBACK_ADDRESS(
      "host[:port]",
      null,
      Option.EXPECTED_TARGET,
      "Where PostgreSQL reaches the proxy. Default: the address from which PostgreSQL sees"
          + " the proxy's connections, and the port of --listen."),
  CALLBACK_SECRET(
      "text",
      null,
      "at least 32 bytes of text",
      "Secret that authenticates PostgreSQL's calls. Default: one is generated and kept in"
          + " --data-dir. Command lines are public: use the variable or a file."),
  CALLBACK_SECRET_FILE(
      "file",
      null,
      "a readable file of at least 32 bytes",
      "File with the callback secret. Newlines at its end are ignored."),
  CALLBACK_PARAMETER(
      "on|off",
      "on",
      Option.EXPECTED_SWITCH,
      "Whether StartupMessages get the run-time parameter pglambda.callback. off: for poolers that"
          + " refuse unknown parameters."),
  CALLBACK_TLS(
      "disable|allow|require",
      null,
      "disable, allow or require",
      "Whether PostgreSQL's calls are encrypted, if the proxy has a certificate. allow: where"
          + " PostgreSQL can. require: others are refused. Default: allow; disable for the embedded"
          + " server."),
  CALLBACK_ALLOW(
      "addresses",
      null,
      "all, server, or addresses in CIDR notation, with commas between them",
      "From where PostgreSQL may call. server: from the addresses at which the proxy reaches it, and"
          + " from the proxy's own machine. 10.0.0.0/8,fd00::/8: from these. Default: all, with one"
          + " warning if that is more than server."),
  DIRECT_CALLS(
      "auto|always|never",
      "auto",
      "auto, always or never",
      "Whether the proxy itself serves calls in a client's statements. auto: only where"
          + " aws_lambda is not installed, or its functions cannot call back."),

  TRUSTED_ROLES(
      "names",
      "rds_superuser",
      "names of roles, in ASCII, with commas between them, or *",
      "Roles whose members may install the extension, and whose calls --direct-calls serves where"
          + " it is not installed. Superusers always may. *: every role."),

  LOG_LEVEL(
      "level",
      "info",
      "trace, debug, info, warn or error",
      "Least severe level that is logged: trace, debug, info, warn or error."),
  LOG_FORMAT(
      "text|json",
      "text",
      "text or json",
      "text: for people. json: one object a line, for programs."),

  LOG_CALLS(
      "on|off",
      null,
      Option.EXPECTED_SWITCH,
      "Whether each call is logged, with a line when it begins and one when it has ended. Default:"
          + " on if standard error is a terminal."),

  JOURNAL_SIZE(
      "size",
      null,
      "a whole number with kB, MB or GB, from 1MB to 1024GB",
      "Memory for the calls that are kept. The oldest go first, failures last. Default: 64MB, or an"
          + " eighth of the JVM's heap if that is less."),
  JOURNAL_FILE(
      "file",
      null,
      Option.EXPECTED_FILE,
      "File to which each call is written as a line of JSON when it has ended. At 64 MB it becomes"
          + " file.1, and so on up to file.3."),
  JOURNAL_PAYLOADS(
      "on|off",
      "on",
      Option.EXPECTED_SWITCH,
      "Whether payloads of calls and answers are kept. off: only their lengths are."),
  ADMIN(
      "host:port|off",
      null,
      "host:port, :port or [IPv6]:port, with a port from 0 to 65535, or off",
      "Where a browser shows the calls, and programs find the JSON API, health and metrics. Default:"
          + " 127.0.0.1:5480 for the embedded server, else off. Addresses other than those of this"
          + " machine need a token."),
  ADMIN_TOKEN(
      "text",
      null,
      Option.EXPECTED_TOKEN,
      "Token that --admin asks for. Default: none. Command lines are public: use the variable or a"
          + " file."),
  ADMIN_TOKEN_FILE(
      "file",
      null,
      "a readable file of 16 to 1000 visible ASCII characters",
      "File with that token. Newlines at its end are ignored."),

  GUIDE(
      null,
      "off",
      Option.EXPECTED_SWITCH,
      "Run the example of AWS's guide through the proxy after the start and print its rows."),
  ONCE(null, "off", Option.EXPECTED_SWITCH, "End after the guide. Implies --guide."),
  HELP(null, null, "no value", "Print this help and end."),
  VERSION(null, null, "no value", "Print the version and end.");

  /** What the names of our own environment variables start with. */
  static final String VARIABLE_PREFIX = "PGLAMBDA_";

  /** TLS towards a server that is named. */
  static final List<Option> BACKEND_SSL =
      List.of(
          BACKEND_SSLMODE,
          BACKEND_SSLROOTCERT,
          BACKEND_SSLCERT,
          BACKEND_SSLKEY,
          BACKEND_SSLKEY_PASSWORD_FILE,
          BACKEND_SSLNEGOTIATION);

  /** IAM database authentication. */
  static final List<Option> IAM =
      List.of(IAM_AUTH, IAM_USERS, IAM_HOST, IAM_PASSWORD, IAM_PASSWORD_FILE);

  private static final String EXPECTED_TARGET =
      "host, host:port or [IPv6]:port, with a port from 1 to 65535";
  private static final String EXPECTED_TIME = "a whole number with ms, s, min or h, up to 24h";
  private static final String EXPECTED_KEEPALIVE = "a whole number with s, min or h, from 0s to 9h";
  private static final String EXPECTED_FILE = "the path of a file";
  private static final String EXPECTED_SWITCH = "on or off";
  private static final String EXPECTED_TOKEN = "16 to 1000 visible ASCII characters";
  private static final String EXPECTED_PASSWORD = "8 to 128 visible ASCII characters";

  private final @Nullable String label;
  private final @Nullable String defaultText;
  private final String expected;
  private final String meaning;

  Option(@Nullable String label, @Nullable String defaultText, String expected, String meaning) {
    this.label = label;
    this.defaultText = defaultText;
    this.expected = expected;
    this.meaning = meaning;
  }

  /** The option of a name that is known to be one, for example {@code --data-dir}. */
  static Option named(String optionName) {
    return valueOf(optionName.substring(2).replace('-', '_').toUpperCase(Locale.ROOT));
  }

  /** The heading of {@code --help} above this option; null: it stands below an earlier one's. */
  @Nullable String heading() {
    return switch (this) {
      case LISTEN -> "Connections";
      case TLS_MODE -> "TLS towards clients";
      case IAM_AUTH -> "IAM database authentication";
      case EMBEDDED_PASSWORD -> "Embedded PostgreSQL";
      case LAMBDA_ENDPOINT -> "AWS Lambda";
      case CALLBACK_ADDRESS -> "Calls from PostgreSQL to the proxy";
      case LOG_LEVEL -> "Log, on standard error";
      case JOURNAL_SIZE -> "Watching calls";
      case GUIDE -> "Guide and information";
      default -> null;
    };
  }

  /** As on the command line, for example {@code --data-dir}. */
  String optionName() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The environment variable, or null if there is none of ours. */
  @Nullable String variable() {
    return switch (this) {
      case HELP, VERSION -> null;
      case LAMBDA_ENDPOINT -> null; // the AWS SDK reads AWS_ENDPOINT_URL_LAMBDA, and more
      case REGION -> "AWS_REGION";
      default -> VARIABLE_PREFIX + name();
    };
  }

  /** What the value is called in the help, or null if the option stands alone on a command line. */
  @Nullable String label() {
    return label;
  }

  /** The value if none is given, or null if that means something of its own. */
  @Nullable String defaultText() {
    return defaultText;
  }

  /** What values it takes, as the end of an error message. */
  String expected() {
    return expected;
  }

  String meaning() {
    return meaning;
  }
}
