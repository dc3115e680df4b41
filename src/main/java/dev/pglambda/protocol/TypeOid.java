package dev.pglambda.protocol;

/** Object ids of types that are the same in every database (PostgreSQL's pg_type.dat). */
public final class TypeOid {
  /** The server is to find out. */
  public static final int UNSPECIFIED = 0;

  public static final int BOOL = 16;
  public static final int BYTEA = 17;
  public static final int INT8 = 20;
  public static final int INT2 = 21;
  public static final int INT4 = 23;
  public static final int TEXT = 25;
  public static final int OID = 26;
  public static final int JSON = 114;
  public static final int FLOAT4 = 700;
  public static final int FLOAT8 = 701;
  public static final int UNKNOWN = 705;
  public static final int MONEY = 790;
  public static final int BPCHAR = 1042;
  public static final int VARCHAR = 1043;
  public static final int NUMERIC = 1700;
  public static final int RECORD = 2249;
  public static final int JSONB = 3802;

  private TypeOid() {}
}
