package io.resnetspark.deploy;

import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.MiniHdfs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/** A real resource manager with two node managers and a real HDFS in this JVM; containers are processes of their own. */
final class YarnCluster implements AutoCloseable {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private final MiniHdfs hdfs;
    private final MiniYARNCluster yarn;
    private final Path folder;

    private YarnCluster(MiniHdfs hdfs, MiniYARNCluster yarn, Path folder) {
        this.hdfs = hdfs;
        this.yarn = yarn;
        this.folder = folder;
    }

    static YarnCluster start(Path folder) throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        System.setProperty("test.build.data", folder.resolve("yarn").toString());
        MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        MiniYARNCluster yarn = new MiniYARNCluster("resnet", 2, 1, 1);
        try {
            YarnConfiguration conf = new YarnConfiguration(hdfs.configuration());
            conf.set("yarn.scheduler.capacity.root.queues", "default");
            conf.set("yarn.scheduler.capacity.root.default.capacity", "100");
            conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1.0");
            conf.setInt("yarn.scheduler.minimum-allocation-mb", 128);
            conf.setBoolean("yarn.nodemanager.pmem-check-enabled", false);
            conf.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
            conf.set("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "99.9");
            // Logs are read at the end. They stay since nothing is deleted; to plan their deletion would cost ten
            // seconds.
            conf.setInt("yarn.nodemanager.delete.debug-delay-sec", 600);
            conf.setInt("yarn.nodemanager.log.retain-seconds", 0);
            conf.setInt("yarn.nodemanager.process-kill-wait.ms", 500);
            conf.setInt("yarn.resourcemanager.nodemanagers.heartbeat-interval-ms", 200);
            // A GPU a node, as far as the scheduler is concerned.
            conf.set("yarn.resource-types", "yarn.io/gpu");
            conf.set("yarn.nodemanager.resource-type.yarn.io/gpu", "1");
            conf.set(
                    "yarn.scheduler.capacity.resource-calculator",
                    "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator");
            yarn.init(conf);
            yarn.start();
            YarnCluster cluster = new YarnCluster(hdfs, yarn, folder);
            cluster.writeConfiguration();
            cluster.putArchive();
            return cluster;
        } catch (IOException | RuntimeException failure) {
            yarn.close();
            hdfs.close();
            throw failure;
        }
    }

    private void writeConfiguration() throws IOException {
        Path conf = Files.createDirectories(folder.resolve("conf"));
        try (OutputStream core = Files.newOutputStream(conf.resolve("core-site.xml"));
                OutputStream site = Files.newOutputStream(conf.resolve("yarn-site.xml"))) {
            Configuration addresses = new Configuration(false);
            addresses.set("fs.defaultFS", hdfs.uri());
            addresses.writeXml(core);
            Configuration all = new Configuration(yarn.getConfig());
            all.unset("net.topology.node.switch.mapping.impl"); // the mini cluster's own, which nobody else has
            all.writeXml(site);
        }
        // With the lines for GPUs.
        String settings = Files.readString(Path.of("yarn", "spark-defaults.conf"))
                .replaceAll("(?m)^#(spark.*gpu)", "$1")
                .replace(
                        "/opt/resnet-spark/deploy", Path.of("").toAbsolutePath().toString());
        Files.writeString(folder.resolve("spark.conf"), settings);
        Path smi = Files.createDirectories(folder.resolve("bin")).resolve("nvidia-smi");
        Files.writeString(smi, "#!/bin/sh\necho 5\n");
        Files.setPosixFilePermissions(smi, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** What deploy/yarn says to put on HDFS. */
    private void putArchive() throws IOException, InterruptedException {
        Path archive = folder.resolve("spark-jars.zip");
        new ProcessBuilder("sh", "-c", "exec " + System.getProperty("java.home") + "/bin/jar c0f " + archive + " *.jar")
                .directory(SPARK_HOME.resolve("jars").toFile())
                .inheritIO()
                .start()
                .waitFor();
        files().mkdirs(new org.apache.hadoop.fs.Path("/spark-logs"));
        files().copyFromLocalFile(
                        true,
                        new org.apache.hadoop.fs.Path(archive.toUri()),
                        new org.apache.hadoop.fs.Path("/spark/spark-jars.zip"));
    }

    String at(String path) throws IOException {
        return hdfs.uri() + "/" + path;
    }

    FileSystem files() throws IOException {
        return FileSystem.get(hdfs.configuration());
    }

    Ended submit(String deployMode, String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(
                "--properties-file",
                folder.resolve("spark.conf").toString(),
                "--deploy-mode",
                deployMode,
                "--num-executors",
                "2",
                "--executor-cores",
                "1",
                "--executor-memory",
                "1g",
                "--driver-memory",
                "1g",
                "--conf",
                "spark.driver.extraJavaOptions=" + StandaloneCluster.SHORT_RUN,
                "--conf",
                "spark.executor.extraJavaOptions=" + StandaloneCluster.SHORT_RUN,
                "--conf",
                "spark.executorEnv.PATH=" + folder.resolve("bin") + ":/usr/bin:/bin",
                "--conf",
                "spark.executor.memoryOverhead=1g",
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.hadoop." + MiniHdfs.CLOSE_DELAY + "=10",
                "--conf",
                "spark.yarn.report.interval=500ms",
                "--conf",
                "spark.yarn.scheduler.heartbeat.interval-ms=500",
                "--"));
        words.addAll(List.of(command));
        Map<String, String> environment = new HashMap<>(StandaloneCluster.environment(SPARK_HOME));
        environment.put("RESNET_EVERYWHERE", "yes");
        environment.put("HADOOP_CONF_DIR", folder.resolve("conf").toString());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        return Command.run(environment, "scripts/submit", words.toArray(String[]::new));
    }

    /** All that containers printed. */
    String containerLogs() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder.resolve("yarn"))) {
            for (Path file : files.filter(file -> file.endsWith("stdout") || file.endsWith("stderr"))
                    .toList()) {
                all.append(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
            }
        }
        return all.toString();
    }

    @Override
    public void close() throws IOException {
        yarn.close();
        hdfs.close();
    }
}
