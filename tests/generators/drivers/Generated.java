package javax.annotation;

/** What marks generated code; the jar of openapi-generator does not have it. */
public @interface Generated {
    String value();
    String comments();
}
