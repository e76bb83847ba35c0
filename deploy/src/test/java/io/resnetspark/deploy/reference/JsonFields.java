package io.resnetspark.deploy.reference;

import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The fields of records that we write as JSON: names and types as Jackson sees them, meanings from their Javadoc. */
final class JsonFields {
    private JsonFields() {}

    /**
     * A table of a record's fields, and one of each record within it that this does not have yet.
     *
     * @param shown records that the page has already; those that are added here are added to it
     */
    static String of(Class<?> type, Set<Class<?>> shown) throws IOException {
        Set<Class<?>> inner = new LinkedHashSet<>();
        List<List<String>> rows = new ArrayList<>();
        shown.add(type);
        Map<String, String> meanings = Javadoc.parameters(type);
        for (BeanPropertyDefinition field : fields(type)) {
            String meaning = meanings.get(field.getInternalName());
            if (meaning == null) {
                throw new IllegalStateException(
                        type.getName() + " is described on a page of docs/reference, and its Javadoc has no @param "
                                + field.getInternalName() + ". Write one.");
            }
            rows.add(List.of("`" + field.getName() + "`", words(field.getPrimaryType(), inner), meaning));
        }
        StringBuilder tables = new StringBuilder(Table.of(List.of("field", "type", "meaning"), rows));
        for (Class<?> next : inner) {
            if (shown.add(next)) {
                tables.append("\n`").append(name(next)).append("`:\n\n").append(of(next, shown));
            }
        }
        return tables.toString();
    }

    private static List<BeanPropertyDefinition> fields(Class<?> type) {
        BeanDescription description = Json.PRETTY.getSerializationConfig().introspect(Json.PRETTY.constructType(type));
        return description.findProperties();
    }

    private static String words(JavaType type, Set<Class<?>> inner) {
        Class<?> raw = type.getRawClass();
        if (type.isMapLikeType()) {
            return "object of " + words(type.getContentType(), inner) + " by " + words(type.getKeyType(), inner);
        }
        if (Collection.class.isAssignableFrom(raw) || raw.isArray()) {
            return "list of " + words(type.getContentType(), inner);
        }
        if (JsonNode.class.isAssignableFrom(raw)) {
            return "object";
        }
        if (raw.isEnum()) {
            return Stream.of(raw.getEnumConstants())
                    .map(constant -> Json.COMPACT.valueToTree(constant).asText())
                    .collect(Collectors.joining("`, `", "`", "`"));
        }
        if (raw.isRecord()) {
            inner.add(raw);
            return "object: `" + name(raw) + "`";
        }
        return switch (raw.getSimpleName()) {
            case "String" -> "text";
            case "int", "long", "Integer", "Long" -> "whole number";
            case "float", "double", "Float", "Double" -> "number";
            case "boolean", "Boolean" -> "true or false";
            default -> throw new IllegalStateException("no word for " + raw);
        };
    }

    /** As a person reads it: EvaluationResult is evaluation result. */
    private static String name(Class<?> type) {
        return type.getSimpleName().replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(java.util.Locale.ROOT);
    }
}
