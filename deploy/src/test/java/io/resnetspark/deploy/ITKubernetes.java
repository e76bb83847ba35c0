package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.SmallRecipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * deploy/kubernetes as a real spark-submit, driver and executors use it: on an API server that keeps what it is told, with
 * pods that are processes of this machine ({@link Kubelet}), and a real HDFS.
 */
class ITKubernetes {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private static final KubernetesSerialization KUBERNETES = new KubernetesSerialization();

    @TempDir
    static Path folder;

    private static MiniHdfs hdfs;
    private static Kubelet kubelet;

    @BeforeAll
    static void start() throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        kubelet = new Kubelet(folder.resolve("pods"), SPARK_HOME);
    }

    @AfterAll
    static void stop() throws Exception {
        if (kubelet != null) {
            kubelet.close();
        }
        if (hdfs != null) {
            hdfs.close();
        }
    }

    /** The settings of deploy/kubernetes with this cluster's names; a GPU for each executor, as they say below. */
    private static Path settings() throws IOException {
        Path settings = folder.resolve("spark.conf");
        String text = Files.readString(Path.of("kubernetes", "spark-defaults.conf"))
                .replace(
                        "k8s://https://APISERVER:6443", "k8s://" + kubelet.api().url())
                .replace("REGISTRY", "registry.example")
                .replace("hdfs://NAMENODE:8020", hdfs.uri())
                .replaceAll("(?m)^#(spark.*\\.gpu\\.)", "$1");
        return Files.writeString(settings, text);
    }

    /** For small machines, and without an account of a service. */
    private static String[] here() throws IOException {
        Path token = Files.writeString(folder.resolve("token"), "none");
        return new String[] {
            "spark.kubernetes.submission.waitAppCompletion=false",
            "spark.kubernetes.driver.master=" + kubelet.api().url(),
            "spark.kubernetes.authenticate.driver.mounted.oauthTokenFile=" + token,
            "spark.kubernetes.authenticate.driver.mounted.caCertFile=" + token,
            "spark.kubernetes.executor.apiPollingInterval=1s",
            "spark.driver.port=" + StandaloneCluster.freePort(),
            "spark.driver.blockManager.port=" + StandaloneCluster.freePort(),
            "spark.ui.enabled=false",
            "spark.driver.defaultJavaOptions=" + StandaloneCluster.SHORT_RUN,
            "spark.executor.defaultJavaOptions=" + StandaloneCluster.SHORT_RUN,
            "spark.executor.instances=2",
            "spark.executor.cores=1",
            "spark.task.cpus=1",
            "spark.executorEnv.OMP_NUM_THREADS=1",
            "spark.hadoop." + MiniHdfs.CLOSE_DELAY + "=10"
        };
    }

    private static Ended submit(String... command) throws Exception {
        List<String> words =
                new ArrayList<>(List.of("--properties-file", settings().toString()));
        for (String setting : here()) {
            words.addAll(List.of("--conf", setting));
        }
        words.addAll(List.of("--class", "io.resnetspark.cli.Main", "local:///opt/resnet-spark/deploy-classes.jar"));
        words.addAll(List.of(command));
        return Command.run(
                StandaloneCluster.environment(SPARK_HOME),
                "target/spark-home/bin/spark-submit",
                words.toArray(String[]::new));
    }

    /** One executor is killed on the way; another pod takes its place. */
    @Test
    void aRunOnPodsAndWhatTheseAreMadeOf() throws Exception {
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 40, 20, 36);
        String data = hdfs.uri() + "/data";
        Command.run(
                        StandaloneCluster.SHORT_COMMAND,
                        "scripts/resnet",
                        "prepare",
                        "--from",
                        corpus.toString(),
                        "--output",
                        data)
                .ok();
        FileSystem files = FileSystem.get(hdfs.configuration());
        Path recipe = Files.writeString(
                folder.resolve("small.conf"),
                SmallRecipe.TEXT + "kernels = onednn # Spark's GPUs are there in name only\n");
        files.copyFromLocalFile(hadoop(recipe.toUri().toString()), hadoop("/small.conf"));
        submit(
                        "train",
                        "hdfs:///small.conf",
                        "--data",
                        "hdfs:///data",
                        "--output",
                        "hdfs:///run",
                        "--set",
                        "epochs=4",
                        "--resume")
                .ok();

        Pod driver = pods().get(0);
        assertIsTheDriver(driver);
        String driverPod = driver.getMetadata().getName();
        awaitRounds(files, driverPod, 3);
        List<Pod> executors = pods().subList(1, pods().size());
        assertThat(executors).hasSize(2).allSatisfy(ITKubernetes::assertIsAnExecutor);
        kubelet.process(executors.get(0).getMetadata().getName()).destroyForcibly();

        Process process = kubelet.process(driverPod);
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(kubelet.log(driverPod)).isZero();
        assertThat(files.exists(hadoop("/run/model/manifest.json"))).isTrue();
        assertThat(pods()).as("the driver, two executors and one more").hasSize(4);
        assertThat(kubelet.log(driverPod)).contains("epoch 4/4");
    }

    private static org.apache.hadoop.fs.Path hadoop(String path) {
        return new org.apache.hadoop.fs.Path(path);
    }

    private static List<Pod> pods() {
        return kubelet.api().created("Pod").stream()
                .map(pod -> KUBERNETES.unmarshal(pod.toString(), Pod.class))
                .toList();
    }

    private static void awaitRounds(FileSystem files, String driver, int number) throws Exception {
        for (Instant end = Instant.now().plusSeconds(180); Instant.now().isBefore(end); Thread.sleep(100)) {
            Process process = kubelet.process(driver);
            if (process != null && !process.isAlive()) {
                throw new AssertionError("ended too early:\n" + kubelet.log(driver));
            }
            if (files.exists(hadoop("/run/metrics.jsonl"))) {
                try (var in = files.open(hadoop("/run/metrics.jsonl"))) {
                    String lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    if (lines.lines().count() >= number) {
                        return;
                    }
                }
            }
        }
        throw new AssertionError("no " + number + " rounds in three minutes");
    }

    private static void assertIsTheDriver(Pod driver) {
        assertThat(Unknown.fields(driver))
                .as("fields that Kubernetes does not know")
                .isEmpty();
        assertThat(driver.getMetadata().getNamespace()).isEqualTo("training");
        assertThat(driver.getSpec().getServiceAccountName()).isEqualTo("resnet-spark");
        Container container = driver.getSpec().getContainers().get(0);
        assertThat(container.getImage()).isEqualTo("registry.example/resnet-spark:VERSION");
        assertThat(container.getArgs())
                .startsWith("driver")
                .contains("io.resnetspark.cli.Main", "train", "--resume", "hdfs:///run");
        assertHasNatives(driver);

        assertThat(kubelet.api().created("Service")).hasSize(1);
        String settings = kubelet.api().created("ConfigMap").stream()
                .map(map -> map.path("data").path("spark.properties").asText())
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElseThrow();
        assertThat(settings)
                .contains("spark.authenticate=true")
                .contains("spark.network.crypto.enabled=true")
                .contains("spark.executor.memoryOverhead=6g")
                .doesNotContain("secret");
    }

    private static void assertIsAnExecutor(Pod executor) {
        assertThat(Unknown.fields(executor)).isEmpty();
        assertThat(executor.getMetadata().getName()).startsWith("resnet-exec-");
        assertThat(executor.getMetadata().getOwnerReferences())
                .as("goes when the driver's pod goes")
                .hasSize(1);
        Container container = executor.getSpec().getContainers().get(0);
        assertThat(container.getImage()).isEqualTo("registry.example/resnet-spark:VERSION");
        assertThat(container.getArgs()).containsExactly("executor");
        Map<String, Quantity> limits = container.getResources().getLimits();
        assertThat(limits.get("memory")).as("heap and overhead").isEqualTo(new Quantity("8192Mi"));
        assertThat(limits.get("nvidia.com/gpu")).isEqualTo(new Quantity("1"));
        assertThat(container.getEnv())
                .extracting(EnvVar::getName)
                .contains("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");
        assertHasNatives(executor);
    }

    /** Room for the cache of native libraries; an executor is told the path as its driver, a process here, knows it. */
    private static void assertHasNatives(Pod pod) {
        assertThat(pod.getSpec().getContainers().get(0).getVolumeMounts())
                .anyMatch(mount -> mount.getMountPath().endsWith("/natives"));
        assertThat(pod.getSpec().getVolumes())
                .anyMatch(volume -> volume.getEmptyDir() != null
                        && volume.getName().equals("natives")
                        && volume.getEmptyDir().getSizeLimit().toString().equals("2Gi"));
    }

    @Test
    void whatDriversAreAllowedIsWrittenAsKubernetesWantsIt() throws Exception {
        List<String> kinds = new ArrayList<>();
        String all = Files.readString(Path.of("kubernetes", "rbac.yaml"), StandardCharsets.UTF_8);
        for (String document : all.split("(?m)^---$", -1)) {
            Object made = KUBERNETES.unmarshal(document);
            assertThat(Unknown.fields(made)).isEmpty();
            kinds.add(made.getClass().getSimpleName());
        }
        assertThat(kinds).containsExactly("Namespace", "ServiceAccount", "Role", "RoleBinding");
        assertThat(Unknown.fields(KUBERNETES.unmarshal("apiVersion: v1\nkind: Pod\nspec:\n  containres: []\n")))
                .as("this test can fail")
                .containsExactly("spec.containres");
    }

    /** Fields that the types of Kubernetes' objects have no place for. */
    private static final class Unknown {
        static List<String> fields(Object object) {
            List<String> found = new ArrayList<>();
            collect(object, "", found);
            return found;
        }

        private static void collect(Object object, String path, List<String> found) {
            if (object instanceof List<?> list) {
                for (Object element : list) {
                    collect(element, path, found);
                }
            } else if (object != null && object.getClass().getName().startsWith("io.fabric8.kubernetes.api.model")) {
                for (var method : object.getClass().getMethods()) {
                    if (method.getParameterCount() > 0 || !method.getName().startsWith("get")) {
                        continue;
                    }
                    Object value = value(method, object);
                    if (method.getName().equals("getAdditionalProperties")) {
                        ((Map<?, ?>) value).keySet().forEach(key -> found.add(path + key));
                    } else {
                        String name = method.getName().substring(3);
                        collect(value, path + Character.toLowerCase(name.charAt(0)) + name.substring(1) + ".", found);
                    }
                }
            }
        }

        private static Object value(java.lang.reflect.Method method, Object object) {
            try {
                return method.invoke(object);
            } catch (ReflectiveOperationException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
