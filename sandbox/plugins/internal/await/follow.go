package await

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// follow sends a word on each change of the object until the context ends. Missed changes do no harm.
func follow(ctx context.Context, client dynamic.ResourceInterface, name string) <-chan struct{} {
	news := make(chan struct{}, 1)
	go func() {
		for ctx.Err() == nil {
			stream, err := client.Watch(ctx, metav1.ListOptions{
				FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String(),
			})
			if err != nil {
				select {
				case <-ctx.Done():
				case <-time.After(lookAgain):
				}
				continue
			}
			relay(ctx, stream, news)
			stream.Stop()
		}
	}()
	return news
}

func relay(ctx context.Context, stream watch.Interface, news chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-stream.ResultChan():
			if !ok {
				return
			}
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}
}
