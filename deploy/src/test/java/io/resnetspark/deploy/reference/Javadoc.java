package io.resnetspark.deploy.reference;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** What comments in the sources say, as Java's compiler reads them. */
final class Javadoc {
    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

    private Javadoc() {}

    /** Of a record's components: its tags param. */
    static Map<String, String> parameters(Class<?> type) throws IOException {
        Map<String, String> parameters = new LinkedHashMap<>();
        visit(List.of(source(type)), new Visitor() {
            @Override
            public Void visitClass(ClassTree found, DocTrees docs) {
                DocCommentTree comment = docs.getDocCommentTree(getCurrentPath());
                if (comment != null && found.getSimpleName().contentEquals(type.getSimpleName())) {
                    for (DocTree tag : comment.getBlockTags()) {
                        if (tag instanceof ParamTree param) {
                            parameters.put(param.getName().toString(), markdown(param.getDescription()));
                        }
                    }
                }
                return super.visitClass(found, docs);
            }
        });
        return parameters;
    }

    /** Of packages: all that each package-info.java says, by its folder. */
    static Map<Path, String> packages(List<Path> packageInfos) throws IOException {
        Map<Path, String> comments = new LinkedHashMap<>();
        visit(packageInfos, new Visitor() {
            @Override
            public Void visitPackage(PackageTree found, DocTrees docs) {
                DocCommentTree comment = docs.getDocCommentTree(getCurrentPath());
                if (comment != null) {
                    Path file = Path.of(getCurrentPath()
                            .getCompilationUnit()
                            .getSourceFile()
                            .toUri());
                    comments.put(file.getParent(), markdown(comment.getFullBody()));
                }
                return super.visitPackage(found, docs);
            }
        });
        return comments;
    }

    private abstract static class Visitor extends TreePathScanner<Void, DocTrees> {}

    private static void visit(List<Path> sources, Visitor visitor) throws IOException {
        try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) COMPILER.getTask(
                    null,
                    files,
                    null,
                    List.of("-proc:none"),
                    null,
                    files.getJavaFileObjects(sources.toArray(Path[]::new)));
            DocTrees docs = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                visitor.scan(unit, docs);
            }
        }
    }

    private static String markdown(List<? extends DocTree> text) {
        return text.stream()
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
        Path below = Path.of("src", "main", "java").resolve(outermost.getName().replace('.', '/') + ".java");
        return Document.files(outermost.getSimpleName() + ".java").stream()
                .filter(file -> file.endsWith(below))
                .findFirst()
                .orElseThrow();
    }
}
