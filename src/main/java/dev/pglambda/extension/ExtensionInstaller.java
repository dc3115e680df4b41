package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.dollarQuoted;
import static dev.pglambda.extension.SqlTemplate.literal;

import dev.pglambda.sql.ExtensionStatement;
import java.util.HashMap;
import java.util.Map;

/**
 * Turns a statement on one of the two extensions into one {@code DO} block that does what the
 * statement does, whether or not the server has the extensions' files.
 *
 * <p>Where it has them, or where PostgreSQL answers without looking at them ({@code already
 * exists}, a read-only transaction), the block executes the statement itself. Elsewhere it runs the
 * same script and registers the extension as PostgreSQL does; a role that is not superuser gets
 * everything but the entries in the catalogs. Notices and errors have PostgreSQL's words and codes.
 * Then it stores the address of the proxy and its keys ({@link SettingsOffer}), and defines the
 * parameters that RDS has.
 *
 * <p>Immutable.
 */
public final class ExtensionInstaller {
  /**
   * How every block begins: by this a CONTEXT line {@code SQL statement "DO ..."} is known as ours.
   */
  public static final String BLOCK_START = "DO $pglambda_do";

  private static final String AWS_LAMBDA = "aws_lambda";
  private static final SqlTemplate CREATE = SqlTemplate.named("create_extension.sql");
  private static final SqlTemplate ALTER = SqlTemplate.named("alter_extension.sql");
  private static final String CHECK_VERSION = SqlTemplate.named("check_version.sql").text();
  private static final String REQUIRED = SqlTemplate.named("required.sql").text();
  private static final String DEFINE_PARAMETERS = SqlTemplate.named("define_parameters.sql").text();
  private static final SqlTemplate SCRIPTS = SqlTemplate.named("scripts.sql");
  private static final SqlTemplate UPDATE_FUNCTIONS = SqlTemplate.named("update_functions.sql");
  private static final SqlTemplate DBLINK_BINDINGS = SqlTemplate.named("dblink_bindings.sql");

  private final ExtensionScript commons = ExtensionScript.of("aws_commons");
  private final ExtensionScript lambda = ExtensionScript.of(AWS_LAMBDA);

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
    ExtensionScript script = statement.extension().equals(lambda.name()) ? lambda : commons;
    Map<String, String> values = new HashMap<>();
    values.put("statement", literal(statementText));
    values.put("extension", literal(script.name()));
    values.put("version", literal(statement.version()));
    values.put("default_version", literal(script.version()));
    values.put("check_version", CHECK_VERSION);
    String body =
        switch (statement.kind()) {
          case CREATE -> create(statement, script, values);
          case ALTER_UPDATE -> update(script, values);
        };
    return "DO " + dollarQuoted("\n" + body + "\n", "pglambda_do");
  }

  private String create(
      ExtensionStatement statement, ExtensionScript script, Map<String, String> values) {
    boolean isLambda = isLambda(script);
    values.put("if_not_exists", Boolean.toString(statement.ifNotExists()));
    values.put("schema", literal(statement.schema()));
    values.put("cascade", Boolean.toString(statement.cascade()));
    values.put("versions", caseOf(commons.version(), lambda.version()));
    values.put("comments", caseOf(commons.comment(), lambda.comment()));
    values.put("is_installed", isInstalled(script));
    values.put("required", isLambda ? "    " + REQUIRED : "");
    values.put(
        "scripts",
        isLambda ? bothScripts() : "      EXECUTE " + literal(commons.section("head")) + ";");
    values.put(
        "declarations", isLambda ? "  dblink_schema pg_catalog.name;\n" + declarations() : "");
    values.put("settings", isLambda ? settings() : "");
    return CREATE.fill(values);
  }

  private String update(ExtensionScript script, Map<String, String> values) {
    boolean isLambda = isLambda(script);
    values.put("is_installed", isInstalled(script));
    values.put(
        "declarations",
        isLambda
            ? "  is_superuser pg_catalog.bool;\n  member pg_catalog.record;\n  dblink_schema pg_catalog.name;\n"
                + declarations()
            : "");
    values.put("settings", isLambda ? "  " + updateFunctions() + "\n" + settings() : "");
    return ALTER.fill(values);
  }

  private static boolean isLambda(ExtensionScript script) {
    return script.name().equals(AWS_LAMBDA);
  }

  private static String declarations() {
    return "  commons_owner pg_catalog.name;\n  parameter pg_catalog.record;";
  }

  private static String settings() {
    return "  " + SettingsOffer.STORE + "\n  " + DEFINE_PARAMETERS;
  }

  /** Whether the objects are there, though not in {@code pg_extension}; {@code n} is the schema. */
  private static String isInstalled(ExtensionScript script) {
    return isLambda(script)
        ? "EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid AND p.proname = 'invoke')"
        : "EXISTS (SELECT FROM pg_type AS t WHERE t.typnamespace = n.oid"
            + " AND t.typname = '_lambda_function_arn_1')";
  }

  private static String caseOf(String ofCommons, String ofLambda) {
    return "WHEN 'aws_commons' THEN " + literal(ofCommons) + " ELSE " + literal(ofLambda);
  }

  private String bothScripts() {
    return "      "
        + SCRIPTS.fill(
            Map.of(
                "commons", literal(commons.section("head")),
                "objects", literal(lambda.section("objects")),
                "bindings", bindings(),
                "functions", literal(lambda.section("functions")),
                "privileges", literal(lambda.section("privileges"))));
  }

  private String updateFunctions() {
    return UPDATE_FUNCTIONS.fill(
        Map.of("bindings", bindings(), "functions", literal(lambda.section("functions"))));
  }

  private String bindings() {
    return "      "
        + DBLINK_BINDINGS.fill(
            Map.of(
                "library", literal(lambda.section("dblink")),
                "extension", literal(SqlTemplate.named("dblink_extension.sql").text()),
                "missing", literal(SqlTemplate.named("dblink_missing.sql").text())));
  }
}
