package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.InvokeArguments.Form;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Arguments as PostgreSQL gives them: the defaults of the parameters, and what a test sets. */
final class TestArguments {
  private final Form form;
  private final @Nullable String functionName;
  private final @Nullable String arnRegion;
  private @Nullable ByteBuffer payload = ByteBuffer.wrap("{}".getBytes(UTF_8));
  private @Nullable String region;
  private @Nullable String invocationType = "RequestResponse";
  private @Nullable String logType = "None";
  private @Nullable String context;
  private @Nullable String qualifier;
  private @Nullable String connectTimeout;
  private @Nullable String requestTimeout;

  private TestArguments(Form form, @Nullable String functionName, @Nullable String arnRegion) {
    this.form = form;
    this.functionName = functionName;
    this.arnRegion = arnRegion;
  }

  static TestArguments name(@Nullable String functionName) {
    return new TestArguments(Form.NAME, functionName, null);
  }

  static TestArguments composite(@Nullable String functionName, @Nullable String region) {
    return new TestArguments(Form.COMPOSITE, functionName, region);
  }

  static TestArguments compositeText(@Nullable String functionName, @Nullable String region) {
    return new TestArguments(Form.COMPOSITE_TEXT, functionName, region);
  }

  TestArguments payload(@Nullable ByteBuffer value) {
    payload = value;
    return this;
  }

  TestArguments region(@Nullable String value) {
    region = value;
    return this;
  }

  TestArguments invocationType(@Nullable String value) {
    invocationType = value;
    return this;
  }

  TestArguments logType(@Nullable String value) {
    logType = value;
    return this;
  }

  TestArguments context(@Nullable String value) {
    context = value;
    return this;
  }

  TestArguments qualifier(@Nullable String value) {
    qualifier = value;
    return this;
  }

  TestArguments connectTimeout(@Nullable String value) {
    connectTimeout = value;
    return this;
  }

  TestArguments requestTimeout(@Nullable String value) {
    requestTimeout = value;
    return this;
  }

  InvokeArguments build() {
    return new InvokeArguments(
        form,
        functionName,
        arnRegion,
        payload,
        region,
        invocationType,
        logType,
        context,
        qualifier,
        connectTimeout,
        requestTimeout);
  }
}
