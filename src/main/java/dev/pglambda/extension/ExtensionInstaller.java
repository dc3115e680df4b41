package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.dollarQuoted;
import static dev.pglambda.extension.SqlTemplate.literal;

import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.TextFormat;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Turns a statement on one of the two extensions into one {@code DO} block that does what the
 * statement does, whether or not the server has the extensions' files.
 *
 * <p>Where it has them, or where PostgreSQL answers without looking at them ({@code already
 * exists}, a read-only transaction), the block executes the statement itself. Elsewhere it runs the
 * same script and registers the extension as PostgreSQL does; a role that is not superuser gets
 * everything but the entries in the catalogs. Notices and errors have PostgreSQL's words and codes.
 * Then it stores the address of the proxy and its keys ({@link CallbackKeySql}), and defines the
 * parameters that RDS has.
 *
 * @param trustedRoles who may install the extensions
 */
public record ExtensionInstaller(TrustedRoles trustedRoles) {
  /**
   * A query that gives a session the run-time parameters that RDS defines for every session: those
   * it has not got, or that have lost their value by RESET or DISCARD. It needs nothing of the
   * search_path and no privilege.
   */
  public static final String SESSION_PARAMETERS =
      SqlTemplate.named("session_parameters.sql").text();

  private static final String AWS_LAMBDA = "aws_lambda";
  private static final ExtensionScript COMMONS = ExtensionScript.of("aws_commons");
  private static final ExtensionScript LAMBDA = ExtensionScript.of(AWS_LAMBDA);
  private static final SqlTemplate CREATE = SqlTemplate.named("create_extension.sql");
  private static final SqlTemplate UPDATE = SqlTemplate.named("update_extension.sql");
  private static final SqlTemplate DROP = SqlTemplate.named("drop_extension.sql");
  private static final SqlTemplate UNLISTED_ONLY = SqlTemplate.named("if_unlisted.sql");
  private static final SqlTemplate CHECK_SCHEMA = SqlTemplate.named("check_schema.sql");
  private static final SqlTemplate REFUSE_SCHEMA = SqlTemplate.named("refuse_schema.sql");
  private static final String REQUIRED = SqlTemplate.named("required.sql").text();
  private static final SqlTemplate SCRIPTS = SqlTemplate.named("scripts.sql");
  private static final SqlTemplate UPDATE_FUNCTIONS = SqlTemplate.named("update_functions.sql");
  private static final SqlTemplate DBLINK_BINDINGS = SqlTemplate.named("dblink_bindings.sql");

  private static final SqlTemplate AVAILABLE = SqlTemplate.named("available_extensions.sql");
  private static final String DECLARATIONS =
      "  dblink_schema pg_catalog.name;\n  bindings pg_catalog.text;\n"
          + "  commons_owner pg_catalog.name;\n  parameter pg_catalog.record;";

  private static final String SETTINGS =
      "  " + CallbackKeySql.STORE + "\n  " + SqlTemplate.named("define_parameters.sql").text();

  /**
   * The block that replaces a statement. It holds no secret.
   *
   * <p>It is ASCII but for what the statement itself holds, has no backslash but the statement's,
   * and no dollar-quote tag that the statement has; so it can stand wherever the statement stood,
   * if in a body quoted with {@code '} its single quotes are doubled.
   *
   * @param statementText without a closing semicolon; one char per byte
   */
  public String install(ExtensionStatement statement, String statementText) {
    boolean isLambda = statement.extension().equals(AWS_LAMBDA);
    ExtensionScript script = isLambda ? LAMBDA : COMMONS;
    Map<String, String> values = new HashMap<>();
    values.put("is_trusted", trustedRoles.condition("r"));
    values.put("owner_is_trusted", trustedRoles.condition("o"));
    values.put("trusted_hint", literal(trustedHint()));
    values.put("statement", marked(statementText));
    values.put("mark", TextFormat.CURRENT.mark());
    values.put("extension", literal(script.name()));
    values.put("conditional", Boolean.toString(statement.conditional()));
    values.put("schema", literal(statement.schema()));
    values.put("version", literal(statement.version()));
    values.put("default_version", literal(script.version()));
    values.put("cascade", Boolean.toString(statement.cascade()));
    values.put("declarations", isLambda ? DECLARATIONS : "");
    String body =
        switch (statement.kind()) {
          case CREATE -> create(isLambda, values);
          case ALTER_UPDATE -> update(isLambda, values);
          case ALTER_SET_SCHEMA ->
              unlistedOnly(CHECK_SCHEMA.fill(values), REFUSE_SCHEMA.fill(values), values);
          case DROP -> drop(statement, values);
          case COMMENT ->
              unlistedOnly("", "-- There is no entry that could have a comment.", values);
        };
    return "DO " + dollarQuoted("\n" + body + "\n", "pglambda_do");
  }

  private String trustedHint() {
    return "pg-lambda-proxy trusts %s with it: see its option --trusted-roles."
        .formatted(trustedRoles.description());
  }

  private static String create(boolean isLambda, Map<String, String> values) {
    values.put("action", "create");
    values.put("name", isLambda ? LAMBDA.name() : COMMONS.name());
    values.put("versions", caseOf(COMMONS.version(), LAMBDA.version()));
    values.put("comments", caseOf(COMMONS.comment(), LAMBDA.comment()));
    values.put("required", isLambda ? "    " + REQUIRED : "");
    values.put("bindings", isLambda ? bindings() : "");
    values.put(
        "scripts", isLambda ? scripts() : "      EXECUTE " + marked(COMMONS.section("head")) + ";");
    values.put("settings", isLambda ? SETTINGS : "");
    return CREATE.fill(values);
  }

  private static String update(boolean isLambda, Map<String, String> values) {
    values.put("action", "update");
    values.put("settings", isLambda ? "  " + updateFunctions() + "\n" + SETTINGS : "");
    return UPDATE.fill(values);
  }

  private static String unlistedOnly(String checks, String work, Map<String, String> values) {
    values.put("checks", checks);
    values.put("work", work);
    return UNLISTED_ONLY.fill(values);
  }

  private static String drop(ExtensionStatement statement, Map<String, String> values) {
    values.put(
        "extensions",
        statement.extensions().stream()
            .map(SqlTemplate::literal)
            .collect(Collectors.joining(", ", "ARRAY[", "]")));
    return DROP.fill(values);
  }

  private static String marked(String sql) {
    return literal(TextFormat.CURRENT.mark() + sql);
  }

  private static String caseOf(String ofCommons, String ofLambda) {
    return "WHEN 'aws_commons' THEN " + literal(ofCommons) + " ELSE " + literal(ofLambda);
  }

  private static String scripts() {
    return "      "
        + SCRIPTS.fill(
            Map.of(
                "commons", marked(COMMONS.section("head")),
                "objects", marked(LAMBDA.section("objects")),
                "table", marked(LAMBDA.section("table")),
                "functions", marked(LAMBDA.section("functions")),
                "privileges", marked(LAMBDA.section("privileges")),
                "grants", marked(LAMBDA.section("grants"))));
  }

  private static String updateFunctions() {
    return UPDATE_FUNCTIONS.fill(
        Map.of(
            "bindings", bindings(),
            "functions", marked(LAMBDA.section("functions")),
            "grants", marked(LAMBDA.section("grants"))));
  }

  private static String bindings() {
    return "      "
        + DBLINK_BINDINGS.fill(
            Map.of(
                "library", marked(LAMBDA.section("dblink")),
                "extension", marked(SqlTemplate.named("dblink_extension.sql").text()),
                "missing", marked(SqlTemplate.named("dblink_missing.sql").text())));
  }

  /**
   * A query whose rows are those of {@code pg_available_extensions} or {@code
   * pg_available_extension_versions} and of the proxy's extensions, each once, with the view's
   * columns: what these show where a server has the extensions' files. It needs nothing of the
   * search_path.
   *
   * <p>It has no line breaks, quotes, backslashes or {@code $$}: so it can stand in any kind of
   * quotes but those of the tag {@code $pglambda$}.
   */
  public static String availableExtensions(String view) {
    return AVAILABLE
        .fill(
            Map.of(
                "view", view,
                "commons", literal(COMMONS.name()),
                "commons_version", literal(COMMONS.version()),
                "commons_comment", literal(COMMONS.comment()),
                "lambda", literal(LAMBDA.name()),
                "lambda_version", literal(LAMBDA.version()),
                "lambda_comment", literal(LAMBDA.comment())))
        .replaceAll("\\s*\\n\\s*", " ");
  }
}
