/* Names that Kubernetes accepts (kubernetes.io/docs/concepts/overview/working-with-objects/names and …/labels).
 *
 *     char name[K8S_NAME_SIZE];
 *     k8s_job_name("dependabot[bot]", "1.35.2-rc1", "tpcc", now_ns, name);   // "dependabot-bot-1-35-2-r-tpcc-1763…"
 *
 * Pure; any bytes may come in.
 */
#ifndef K8S_NAME_H
#define K8S_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define K8S_NAME_SIZE 64 /* 63 characters: a pod gets its Job's name as a label, and labels are no longer */

/* DNS-1123 label: Job, namespace, container. */
bool k8s_is_name(const char *s);
/* DNS-1123 subdomain of at most 253 characters: Secret, ServiceAccount, PersistentVolumeClaim. */
bool k8s_is_subdomain(const char *s);
/* "" or at most 63 of [A-Za-z0-9_.-], alphanumeric at both ends. */
bool k8s_is_label_value(const char *s);
/* "name" or "prefix/name". */
bool k8s_is_label_key(const char *s);
/* A positive amount of a resource: "7", "7500m", "16Gi", "1.5G". */
bool k8s_is_quantity(const char *s);

/* What a name may hold of s, at most 63 characters: lower-case letters and digits, what is not allowed as one '-', none
 * at either end. May be "". */
void k8s_clean(const char *s, char ret[static K8S_NAME_SIZE]);

/* A valid name that no other call gives at another time: actor (cut as needed), the first 8 characters of version,
 * suffix (at most 20 characters; NULL or "": none), timestamp. What is not allowed becomes one '-'. */
void k8s_job_name(const char *actor, const char *version, const char *suffix, uint64_t timestamp_ns,
		  char ret[static K8S_NAME_SIZE]);

#endif
