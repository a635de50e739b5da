package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// What the official image gives to its default namespace, for tests.
var searchAttributes = map[string]enums.IndexedValueType{
	"CustomKeywordField":  enums.INDEXED_VALUE_TYPE_KEYWORD,
	"CustomStringField":   enums.INDEXED_VALUE_TYPE_TEXT,
	"CustomTextField":     enums.INDEXED_VALUE_TYPE_TEXT,
	"CustomIntField":      enums.INDEXED_VALUE_TYPE_INT,
	"CustomDatetimeField": enums.INDEXED_VALUE_TYPE_DATETIME,
	"CustomDoubleField":   enums.INDEXED_VALUE_TYPE_DOUBLE,
	"CustomBoolField":     enums.INDEXED_VALUE_TYPE_BOOL,
}

// register waits until the server serves, and makes the default namespace and its search attributes where the
// environment does not say to leave that out.
func register(ctx context.Context, address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(serviceErrors))
	if err != nil {
		return err
	}
	defer connection.Close()
	again("the server", func(ctx context.Context) error { return serving(ctx, connection) })
	name, retention := variable("DEFAULT_NAMESPACE", "default"), variable("DEFAULT_NAMESPACE_RETENTION", "24h")
	if variable("SKIP_DEFAULT_NAMESPACE_CREATION", "false") != "true" {
		if err := makeNamespace(ctx, connection, name, retention); err != nil {
			return err
		}
	}
	if variable("SKIP_ADD_CUSTOM_SEARCH_ATTRIBUTES", "false") == "true" {
		return nil
	}
	operator := operatorservice.NewOperatorServiceClient(connection)
	again("the namespace", func(ctx context.Context) error {
		_, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
		return err
	})
	request := &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: searchAttributes}
	if _, err := operator.AddSearchAttributes(ctx, request); err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	fmt.Println("The namespace", name, "has its search attributes.")
	return nil
}

func makeNamespace(ctx context.Context, connection *grpc.ClientConn, name, retention string) error {
	period, err := time.ParseDuration(retention)
	if err != nil {
		return fmt.Errorf("DEFAULT_NAMESPACE_RETENTION: %w", err)
	}
	client := workflowservice.NewWorkflowServiceClient(connection)
	_, err = client.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err == nil {
		fmt.Println("The namespace", name, "is there.")
		return nil
	}
	if missing := (*serviceerror.NamespaceNotFound)(nil); !errors.As(err, &missing) {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	_, err = client.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        name,
		Description:                      "Default namespace for Temporal Server.",
		WorkflowExecutionRetentionPeriod: durationpb.New(period),
	})
	if err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	fmt.Println("The namespace", name, "was made.")
	return nil
}

func serving(ctx context.Context, connection *grpc.ClientConn) error {
	request := &grpc_health_v1.HealthCheckRequest{Service: "temporal.api.workflowservice.v1.WorkflowService"}
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, request)
	if err == nil && answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		err = errors.New(answer.Status.String())
	}
	return err
}

// again tries until it succeeds, as the official image does.
func again(what string, try func(context.Context) error) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := try(ctx)
		cancel()
		if err == nil {
			return
		}
		fmt.Println("Waiting for", what+":", err)
		time.Sleep(time.Second)
	}
}

// serviceErrors makes Temporal's errors of gRPC's.
func serviceErrors(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	err := invoke(ctx, method, request, reply, connection, options...)
	if err == nil {
		return nil
	}
	return serviceerror.FromStatus(serviceerror.ToStatus(err))
}

func variable(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
