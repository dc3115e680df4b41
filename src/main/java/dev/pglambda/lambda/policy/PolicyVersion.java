package dev.pglambda.lambda.policy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The versions of the policy language. */
enum PolicyVersion {
  /** What a document without a version has. */
  WITHOUT_VARIABLES("2008-10-17"),
  WITH_VARIABLES("2012-10-17");

  private final String label;

  PolicyVersion(String label) {
    this.label = label;
  }

  /** The version that a document has. */
  static PolicyVersion read(@Nullable PolicyElement version) throws PolicyException {
    if (version == null) {
      return WITHOUT_VARIABLES;
    }
    String text = version.text();
    return Arrays.stream(values())
        .filter(each -> each.label.equals(text))
        .findFirst()
        .orElseThrow(() -> version.error("2012-10-17 or 2008-10-17"));
  }

  /** Policy variables, such as {@code ${aws:username}}, are not supported. */
  void refuseVariables(PolicyElement element) throws PolicyException {
    JsonNode value = element.value();
    if (this == WITH_VARIABLES && value.isTextual() && value.textValue().contains("${")) {
      throw element.error("no policy variable: they are not supported");
    }
  }
}
