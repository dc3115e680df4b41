package dev.pglambda.direct.plan;

import dev.pglambda.direct.resolve.ParameterType;

/**
 * What stands for the composite type {@code aws_commons._lambda_function_arn_1}: the type itself if
 * the database has it.
 */
enum ArnForm {
  OWN("aws_commons._lambda_function_arn_1", "function_name", "region"),
  SUBSTITUTE(ArnForm.SUBSTITUTE_TYPE, "name", "setting");

  static final String TEXT = "pg_catalog.text";

  /** The row type of a view that every database has; two columns of type text. */
  static final String SUBSTITUTE_TYPE = "pg_catalog.pg_config";

  private final String type;
  private final String nameColumn;
  private final String regionColumn;

  ArnForm(String type, String nameColumn, String regionColumn) {
    this.type = type;
    this.nameColumn = nameColumn;
    this.regionColumn = regionColumn;
  }

  static ArnForm of(InstalledSchemas schemas) {
    return schemas.commons() ? OWN : SUBSTITUTE;
  }

  /** How a type is written in a cast. */
  String cast(ParameterType parameter) {
    return switch (parameter) {
      case TEXT -> TEXT;
      case VARCHAR -> "pg_catalog.varchar";
      case JSON -> "pg_catalog.json";
      case JSONB -> "pg_catalog.jsonb";
      case ARN -> type;
    };
  }

  String name(String expression) {
    return "(" + expression + ")." + nameColumn;
  }

  String region(String expression) {
    return "(" + expression + ")." + regionColumn;
  }
}
