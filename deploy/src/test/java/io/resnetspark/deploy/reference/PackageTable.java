package io.resnetspark.deploy.reference;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Every package of the product with what its package-info.java says. */
final class PackageTable {
    private static final Path MAIN = Path.of("src", "main", "java");
    private static final String PREFIX = "io.resnetspark.";

    private PackageTable() {}

    /** Modules in the order in which they are built. */
    static String of(List<String> modules) throws IOException {
        List<List<String>> rows = new ArrayList<>();
        for (String module : modules) {
            Path sources = Document.ROOT.resolve(module).resolve(MAIN);
            String first = module;
            for (Path folder : packages(sources)) {
                String name = sources.relativize(folder).toString().replace('/', '.');
                rows.add(List.of(first, "`" + name.substring(PREFIX.length()) + "`", comment(folder)));
                first = "";
            }
        }
        return Table.of(List.of("module", "package", "what is in it, and who uses it"), rows);
    }

    private static Set<Path> packages(Path sources) throws IOException {
        Set<Path> packages = new TreeSet<>();
        for (Path file : Document.files(".java")) {
            if (file.startsWith(sources)) {
                packages.add(file.getParent());
            }
        }
        return packages;
    }

    private static String comment(Path folder) throws IOException {
        Path file = folder.resolve("package-info.java");
        String comment = Files.exists(file) ? Javadoc.packageComment(file) : "";
        if (comment.isEmpty()) {
            throw new IllegalStateException(file + " is missing, or says nothing. Write what is in the package, and who"
                    + " may depend on it, in one to three sentences.");
        }
        return comment;
    }
}
