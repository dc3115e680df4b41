package dev.pglambda.direct.plan;

import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The values of a call's arguments.
 *
 * @param row of {@link DirectInvocation#argumentsQuery}
 * @param composite what {@link DirectInvocation#COMPOSITE_QUERY} has returned: name and region;
 *     null if it was not asked
 */
public record ArgumentValues(
    Overload overload, List<byte @Nullable []> row, @Nullable List<byte @Nullable []> composite) {

  /** The columns of {@link DirectInvocation#argumentsQuery} that are the call's own. */
  enum ArgumentColumn {
    FUNCTION_NAME,
    ARN_REGION,
    PAYLOAD,
    REGION,
    INVOCATION_TYPE,
    LOG_TYPE,
    CONTEXT,
    QUALIFIER;

    static final List<ArgumentColumn> ALL = List.of(values());

    String sqlName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final int FIRST = 1;

  boolean tooLong() {
    byte[] fits = row.get(0);
    return fits == null || fits[0] == 0;
  }

  private byte @Nullable [] bytes(ArgumentColumn column) {
    return row.get(FIRST + ArgumentColumn.ALL.indexOf(column));
  }

  private @Nullable String text(ArgumentColumn column) {
    return text(bytes(column));
  }

  private static @Nullable String text(byte @Nullable [] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * What {@link DirectInvocation#COMPOSITE_QUERY} is to take apart; null if there is nothing to.
   */
  public byte @Nullable [] compositeText() {
    byte[] name = bytes(ArgumentColumn.FUNCTION_NAME);
    boolean isComposite =
        name != null
            && !DirectInvocation.isComposite(overload)
            && composite == null
            && name.length >= 2
            && name[0] == '('
            && name[name.length - 1] == ')';
    return isComposite ? name : null;
  }

  /** The same, with what {@link DirectInvocation#COMPOSITE_QUERY} has returned. */
  public ArgumentValues with(List<byte @Nullable []> parts) {
    return new ArgumentValues(overload, row, new ArrayList<>(parts));
  }

  /** {@code statement_timeout} in seconds; 0: none. */
  public double statementTimeout() {
    String seconds = text(row.get(FIRST + ArgumentColumn.ALL.size() + 2));
    return seconds == null ? 0 : Double.parseDouble(seconds);
  }

  InvokeArguments arguments() {
    byte[] payload = bytes(ArgumentColumn.PAYLOAD);
    int settings = FIRST + ArgumentColumn.ALL.size();
    return new InvokeArguments(
        form(),
        composite == null ? text(ArgumentColumn.FUNCTION_NAME) : text(composite.get(0)),
        composite == null ? text(ArgumentColumn.ARN_REGION) : text(composite.get(1)),
        payload == null ? null : ByteBuffer.wrap(payload),
        text(ArgumentColumn.REGION),
        text(ArgumentColumn.INVOCATION_TYPE),
        text(ArgumentColumn.LOG_TYPE),
        text(ArgumentColumn.CONTEXT),
        text(ArgumentColumn.QUALIFIER),
        text(row.get(settings)),
        text(row.get(settings + 1)));
  }

  private Form form() {
    if (DirectInvocation.isComposite(overload)) {
      return Form.COMPOSITE;
    }
    return composite == null ? Form.NAME : Form.COMPOSITE_TEXT;
  }
}
