"""Retrains a model every night on Spark; put it into Airflow's folder of DAGs (README.md)."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

HOME = "/opt/resnet-spark"

with DAG(
    dag_id="resnet_retraining",
    schedule="0 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),
) as dag:
    SparkSubmitOperator(
        task_id="retrain",
        conn_id="spark_default",
        name="resnet-retrain",
        application=f"{HOME}/deploy-classes.jar",
        java_class="io.resnetspark.cli.Main",
        # What spark-submit's own jars lack: scripts/submit --print-jars
        jars="{{ var.value.resnet_jars }}",
        application_args=["retrain", "/etc/resnet-spark/nightly.conf"],
        num_executors=8,
        executor_cores=8,
        executor_memory="2g",
        driver_memory="4g",
        # File names are UTF-8; Java takes them by the locale.
        env_vars={"LC_ALL": "C.UTF-8"},
        conf={
            "spark.executorEnv.LC_ALL": "C.UTF-8",
            "spark.yarn.appMasterEnv.LC_ALL": "C.UTF-8",
            "spark.task.cpus": "8",
            "spark.executor.memoryOverhead": "6g",
            "spark.driver.extraJavaOptions": "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "spark.executor.extraJavaOptions": "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "spark.executorEnv.OMP_WAIT_POLICY": "PASSIVE",
            "spark.executorEnv.GOMP_SPINCOUNT": "3000",
            "spark.executorEnv.OMP_NUM_THREADS": "8",
            "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
            "spark.authenticate": "true",
            "spark.network.crypto.enabled": "true",
            "spark.io.encryption.enabled": "true",
        },
        # Killed or failed, it goes on where it was. Refused by the gate (3) is a failure to Airflow, too; the next try
        # finds that the same was tried before, and is green: hear of refusals by the plan's hooks.
        retries=3,
        retry_delay=timedelta(minutes=5),
    )
