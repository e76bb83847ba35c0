package io.resnetspark.deploy.reference;

import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

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
        Map<String, String> meanings = meanings(type);
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

    /** What the Javadoc of a record says of its components. */
    private static Map<String, String> meanings(Class<?> type) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Map<String, String> meanings = new LinkedHashMap<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjects(source(type)));
            DocTrees docs = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new TreePathScanner<Void, Void>() {
                    @Override
                    public Void visitClass(ClassTree found, Void unused) {
                        DocCommentTree comment = docs.getDocCommentTree(getCurrentPath());
                        if (comment != null && found.getSimpleName().contentEquals(type.getSimpleName())) {
                            for (DocTree tag : comment.getBlockTags()) {
                                if (tag instanceof ParamTree param) {
                                    meanings.put(param.getName().toString(), text(param.getDescription()));
                                }
                            }
                        }
                        return super.visitClass(found, null);
                    }
                }.scan(unit, null);
            }
        }
        return meanings;
    }

    private static String text(List<? extends DocTree> description) {
        return description.stream()
                .map(DocTree::toString)
                .collect(Collectors.joining())
                .replaceAll("\\{@code ([^}]*)\\}", "`$1`")
                .replaceAll("\\{@link [^}]*?(\\w+)\\}", "`$1`")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private static Path source(Class<?> type) throws IOException {
        Class<?> outermost = type;
        while (outermost.getEnclosingClass() != null) {
            outermost = outermost.getEnclosingClass();
        }
        Path below = Path.of("src", "main", "java", outermost.getName().replace('.', '/') + ".java");
        return Document.files(outermost.getSimpleName() + ".java").stream()
                .filter(file -> file.endsWith(below))
                .findFirst()
                .orElseThrow();
    }
}
