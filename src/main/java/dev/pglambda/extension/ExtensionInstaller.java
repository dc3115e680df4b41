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
 * <p>Immutable.
 */
public final class ExtensionInstaller {
  private static final String AWS_LAMBDA = "aws_lambda";
  private static final SqlTemplate CREATE = SqlTemplate.named("create_extension.sql");
  private static final SqlTemplate UPDATE = SqlTemplate.named("update_extension.sql");
  private static final SqlTemplate DROP = SqlTemplate.named("drop_extension.sql");
  private static final SqlTemplate UNLISTED_ONLY = SqlTemplate.named("if_unlisted.sql");
  private static final SqlTemplate CHECK_SCHEMA = SqlTemplate.named("check_schema.sql");
  private static final SqlTemplate REFUSE_SCHEMA = SqlTemplate.named("refuse_schema.sql");
  private static final String CHECK_VERSION = SqlTemplate.named("check_version.sql").text();
  private static final String UNLISTED = SqlTemplate.named("unlisted.sql").text();
  private static final SqlTemplate REQUIRED = SqlTemplate.named("required.sql");
  private static final SqlTemplate CHECK_TRUSTED = SqlTemplate.named("check_trusted.sql");
  private static final String RESET_PARAMETERS = SqlTemplate.named("reset_parameters.sql").text();
  private static final String DEFINE_PARAMETERS = SqlTemplate.named("define_parameters.sql").text();
  private static final SqlTemplate SCRIPTS = SqlTemplate.named("scripts.sql");
  private static final SqlTemplate UPDATE_FUNCTIONS = SqlTemplate.named("update_functions.sql");
  private static final SqlTemplate DBLINK_BINDINGS = SqlTemplate.named("dblink_bindings.sql");

  private final TrustedRoles trustedRoles;
  private final ExtensionScript commons = ExtensionScript.of("aws_commons");
  private final ExtensionScript lambda = ExtensionScript.of(AWS_LAMBDA);

  /**
   * @param trustedRoles who may install the extensions
   */
  public ExtensionInstaller(TrustedRoles trustedRoles) {
    this.trustedRoles = trustedRoles;
  }

  /**
   * The block that replaces a statement. It holds no secret.
   *
   * <p>It is ASCII but for what the statement itself holds, has no backslash but the statement's,
   * and no dollar-quote tag that the statement has; so it can stand wherever the statement stood,
   * if in a body quoted with {@code '} its single quotes are doubled.
   *
   * @param statement what was recognised
   * @param statementText its text, without a closing semicolon; one char per byte
   */
  public String install(ExtensionStatement statement, String statementText) {
    ExtensionScript script = statement.extension().equals(AWS_LAMBDA) ? lambda : commons;
    Map<String, String> values = new HashMap<>();
    values.put("is_trusted", trustedRoles.condition("r"));
    values.put("owner_is_trusted", trustedRoles.condition("o"));
    values.put("statement", marked(statementText));
    values.put("mark", TextFormat.CURRENT.mark());
    values.put("extension", literal(script.name()));
    values.put("unlisted", UNLISTED);
    String body =
        switch (statement.kind()) {
          case CREATE -> create(statement, script, values);
          case ALTER_UPDATE -> update(statement, script, values);
          case ALTER_SET_SCHEMA -> setSchema(statement, values);
          case DROP -> drop(statement, values);
          case COMMENT -> comment(values);
        };
    return "DO " + dollarQuoted("\n" + body + "\n", "pglambda_do");
  }

  private String create(
      ExtensionStatement statement, ExtensionScript script, Map<String, String> values) {
    boolean isLambda = isLambda(script);
    putVersions(statement, script, values);
    putTrust("create", values);
    values.put("name", script.name());
    values.put("if_not_exists", Boolean.toString(statement.conditional()));
    values.put("schema", literal(statement.schema()));
    values.put("cascade", Boolean.toString(statement.cascade()));
    values.put("versions", caseOf(commons.version(), lambda.version()));
    values.put("comments", caseOf(commons.comment(), lambda.comment()));
    values.put("required", isLambda ? "    " + REQUIRED.fill(values) : "");
    values.put("bindings", isLambda ? bindings() : "");
    values.put(
        "scripts", isLambda ? scripts() : "      EXECUTE " + marked(commons.section("head")) + ";");
    values.put("declarations", isLambda ? declarations() : "");
    values.put("settings", isLambda ? settings() : "");
    return CREATE.fill(values);
  }

  private String update(
      ExtensionStatement statement, ExtensionScript script, Map<String, String> values) {
    boolean isLambda = isLambda(script);
    putVersions(statement, script, values);
    putTrust("update", values);
    values.put("declarations", isLambda ? declarations() : "");
    values.put("settings", isLambda ? "  " + updateFunctions() + "\n" + settings() : "");
    return UPDATE.fill(values);
  }

  private static void putVersions(
      ExtensionStatement statement, ExtensionScript script, Map<String, String> values) {
    values.put("version", literal(statement.version()));
    values.put("default_version", literal(script.version()));
    values.put("check_version", CHECK_VERSION);
  }

  private void putTrust(String action, Map<String, String> values) {
    String hint =
        "pg-lambda-proxy trusts %s with it: see its option --trusted-roles."
            .formatted(trustedRoles.description());
    values.put("trusted_hint", literal(hint));
    values.put("action", action);
    values.put("check_trusted", CHECK_TRUSTED.fill(values));
  }

  private static String setSchema(ExtensionStatement statement, Map<String, String> values) {
    Map<String, String> schema = Map.of("schema", literal(statement.schema()));
    values.put("checks", CHECK_SCHEMA.fill(schema));
    values.put("work", REFUSE_SCHEMA.fill(schema));
    return UNLISTED_ONLY.fill(values);
  }

  private static String comment(Map<String, String> values) {
    values.put("checks", "");
    values.put("work", "-- There is no entry that could have a comment.");
    return UNLISTED_ONLY.fill(values);
  }

  private static String drop(ExtensionStatement statement, Map<String, String> values) {
    values.put(
        "extensions",
        statement.extensions().stream()
            .map(SqlTemplate::literal)
            .collect(Collectors.joining(", ", "ARRAY[", "]")));
    values.put("reset_parameters", RESET_PARAMETERS);
    values.put("if_exists", Boolean.toString(statement.conditional()));
    values.put("cascade", Boolean.toString(statement.cascade()));
    return DROP.fill(values);
  }

  private static boolean isLambda(ExtensionScript script) {
    return script.name().equals(AWS_LAMBDA);
  }

  private static String declarations() {
    return "  dblink_schema pg_catalog.name;\n  bindings pg_catalog.text;\n"
        + "  commons_owner pg_catalog.name;\n  parameter pg_catalog.record;";
  }

  private static String settings() {
    return "  " + CallbackKeySql.STORE + "\n  " + DEFINE_PARAMETERS;
  }

  private static String marked(String sql) {
    return literal(TextFormat.CURRENT.mark() + sql);
  }

  private static String caseOf(String ofCommons, String ofLambda) {
    return "WHEN 'aws_commons' THEN " + literal(ofCommons) + " ELSE " + literal(ofLambda);
  }

  private String scripts() {
    return "      "
        + SCRIPTS.fill(
            Map.of(
                "commons", marked(commons.section("head")),
                "objects", marked(lambda.section("objects")),
                "table", marked(lambda.section("table")),
                "functions", marked(lambda.section("functions")),
                "privileges", marked(lambda.section("privileges")),
                "grants", marked(lambda.section("grants"))));
  }

  private String updateFunctions() {
    return UPDATE_FUNCTIONS.fill(
        Map.of(
            "bindings", bindings(),
            "check_table", CallbackKeySql.CHECK_TABLE,
            "functions", marked(lambda.section("functions")),
            "grants", marked(lambda.section("grants"))));
  }

  private String bindings() {
    return "      "
        + DBLINK_BINDINGS.fill(
            Map.of(
                "library", marked(lambda.section("dblink")),
                "extension", marked(SqlTemplate.named("dblink_extension.sql").text()),
                "missing", marked(SqlTemplate.named("dblink_missing.sql").text())));
  }
}
