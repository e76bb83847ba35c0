package io.resnetspark.deploy.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The complete example of a page of docs/extending, compiled into a jar of its own, with the services that it names. */
record Extension(Path jar) {
    static final Path PAGES = Document.ROOT.resolve("docs").resolve("extending");

    private static final Pattern EXAMPLE = Pattern.compile(
            "```java\n(package com\\.example;\n.*?public (?:final class|record) (\\w+).*?)```", Pattern.DOTALL);
    private static final Pattern SERVICES =
            Pattern.compile("`(META-INF/services/[\\w.]+)`:\n\n```\n(.*?)```", Pattern.DOTALL);

    static Extension of(String page, Path folder) throws IOException {
        String text = Files.readString(PAGES.resolve(page));
        Matcher example = EXAMPLE.matcher(text);
        assertThat(example.find()).as("%s has a complete example", page).isTrue();
        Path source = Files.writeString(folder.resolve(example.group(2) + ".java"), example.group(1));
        Path classes = Files.createDirectories(folder.resolve("classes"));
        compile(source, classes);
        for (MatchResult services : SERVICES.matcher(text).results().toList()) {
            Path file = classes.resolve(services.group(1));
            Files.createDirectories(file.getParent());
            Files.writeString(file, services.group(2));
        }
        return new Extension(packed(classes, folder.resolve("extension.jar")));
    }

    private static void compile(Path source, Path classes) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options =
                    List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"), "-Xlint:-options");
            boolean compiled = compiler.getTask(said, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(said.toString()).isTrue();
        }
    }

    private static Path packed(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(
                        new JarEntry(classes.relativize(file).toString().replace(java.io.File.separatorChar, '/')));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
        return jar;
    }

    /** Runs something with the jar on the class path, as RESNET_CLASSPATH and spark-submit put it there. */
    <T> T within(Callable<T> work) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            return work.call();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
