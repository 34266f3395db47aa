package codec

// Value is a value that may not be set yet.
type Value[T any] struct {
	value T
	isSet bool
}

// Set sets the value.
func (v *Value[T]) Set(value T) { v.value, v.isSet = value, true }

// Get returns the value, and whether it is set.
func (v *Value[T]) Get() (T, bool) { return v.value, v.isSet }
