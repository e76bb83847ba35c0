package io.resnetspark.cli;

/** Where JavaCPP puts the native libraries of its jars before it loads them. */
final class JavaCppCache {
    private static final String OPTION = "org.bytedeco.javacpp.cachedir";

    private JavaCppCache() {}

    static String remedy() {
        String folder = System.getProperty(OPTION, System.getProperty("user.home") + "/.javacpp/cache");
        return "They are unpacked in " + folder
                + ", which must have room for 600 MB, must not be mounted noexec, and must"
                + " be this user's. Name another folder: RESNET_JAVA_OPTS=-D" + OPTION + "=DIR scripts/resnet ...; on"
                + " executors --conf spark.executor.defaultJavaOptions=-D" + OPTION + "=DIR.";
    }
}
